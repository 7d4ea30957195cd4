"""The models of OpenAI, and of everybody who speaks its chat protocol."""
