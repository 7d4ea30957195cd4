from tools.catalogue import BUILT_IN, built_in_functions


def test_every_built_in_tool_has_a_closed_schema():
    for function in built_in_functions():
        parameters = function["function"]["parameters"]
        assert parameters["type"] == "object"
        assert parameters["additionalProperties"] is False


def test_end_call_never_suggests_hanging_up_on_silence():
    text = BUILT_IN["end_call"].description.lower()
    assert "no_response" not in text and "silence" not in text
