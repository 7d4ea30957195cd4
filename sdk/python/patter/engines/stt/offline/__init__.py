"""A recogniser without an account: a closed list of phrases, heard by pocketsphinx in a child process."""
