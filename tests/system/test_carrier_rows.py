"""Where each row of the list of carrier traps is tested; a row whose test is gone fails here.

Rows 1 to 20 are webhooks and call state, 21 to 50 the media socket. Those of Telnyx alone are named so.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SDK = "sdk/python/tests/"
BRIDGE = SDK + "bridge/"
DOORS = "tests/system/doors/"
TWILIO = "tests/system/test_twilio_faults.py"
TELNYX = "tests/system/test_telnyx_faults.py"
TELNYX_CALLS = "tests/system/test_telnyx_calls.py"
MATRIX = "tests/system/matrix/scenes_"
CALLS = "calls/tests/"

ROWS: dict[int, list[tuple[str, str]]] = {
    1: [
        (DOORS + "webhooks.py", "duplicate_webhook"),
        (TWILIO, "row_1_every_status_comes_twice"),
        (TELNYX, "row_1_every_webhook_comes_twice"),
        (CALLS + "test_carrier_recording.py", "test_the_same_webhook_twice_is_one_recording"),
    ],
    2: [
        (DOORS + "webhooks.py", "shuffled_status_callbacks"),
        (CALLS + "test_status_webhook.py", "test_any_order_ends_in_the_same_place"),
        (TELNYX, "row_2_webhooks_come_in_the_wrong_order"),
    ],
    3: [(CALLS + "test_status_webhook.py", "test_a_repeated_webhook_is_one_line_and_one_event")],
    4: [(CALLS + "test_voice_webhook.py", "test_the_same_webhook_again_is_the_same_call_with_a_fresh_token")],
    5: [
        (CALLS + "test_dial.py", "test_the_callback_may_be_faster_than_the_answer"),
        (CALLS + "test_telnyx_door.py", "test_a_webhook_may_be_faster_than_the_answer_to_the_dial"),
    ],
    6: [
        (DOORS + "webhooks.py", "late_webhook"),
        (TELNYX, "row_6_every_webhook_is_answered_within_two_seconds"),
    ],
    7: [(CALLS + "test_telnyx_door.py", "test_our_own_leg_is_not_answered")],
    8: [(TELNYX, "row_8_a_200_does_not_answer_a_call")],
    9: [
        (DOORS + "hang_ups.py", "hang_up_is_answered_with_404"),
        (SDK + "test_twilio_rest.py", "test_a_call_that_is_over_counts_as_hung_up"),
        (TELNYX, "row_9_the_caller_is_gone_when_our_command_comes"),
    ],
    10: [(SDK + "telnyx/test_rest.py", "test_a_call_is_dialled_once_however_often_it_is_asked")],
    11: [
        (TWILIO, "row_11_the_answer_to_a_dial_is_lost_and_nobody_is_phoned_twice"),
        (TWILIO, "row_11_a_lost_dial_whose_callbacks_never_come_is_found_in_the_list"),
        (
            CALLS + "test_dial_permit.py",
            "test_what_is_not_there_by_the_third_look_is_unknown",
        ),
    ],
    12: [(TWILIO, "row_12_an_answered_call_is_never_given_another_document")],
    13: [(MATRIX + "machines.py", "a_message_is_left_after_the_beep")],
    14: [
        (TWILIO, "row_14_a_verdict_that_comes_after_the_call_changes_nothing"),
        (BRIDGE + "test_scene_machines.py", "test_a_human_is_greeted_at_once_and_answered"),
    ],
    15: [
        (BRIDGE + "test_scene_machines.py", "test_a_message_after_the_beep"),
        (TELNYX_CALLS, "a_machine_answers"),
    ],
    16: [
        (SDK + "local/test_carrier_recordings.py", "test_twilio_announces_the_file_too_early"),
        (MATRIX + "recordings.py", "both_record_after_an_announcement"),
        (TELNYX_CALLS, "row_16_telnyx_records_and_the_file_is_fetched_over_a_fresh_link"),
    ],
    17: [(CALLS + "test_voice_webhook.py", "test_an_anonymous_caller_is_answered")],
    18: [
        (CALLS + "test_voice_webhook.py", "test_a_sip_caller_and_fields_nobody_knows_are_taken"),
        (TELNYX, "row_18_unknown_events_are_taken_politely"),
    ],
    19: [(DOORS + "webhooks.py", "no_status_callbacks")],
    20: [(CALLS + "test_dial_permit.py", "test_an_account_dials_no_faster_than_it_may")],
    21: [(BRIDGE + "test_spoken_scenes.py", "test_the_agent_falls_silent_in_time")],
    22: [(BRIDGE + "test_playback_heard.py", "test_heard_is_the_last_mark_and_the_time_since_never_more")],
    23: [(BRIDGE + "test_playback_heard.py", "test_a_mark_echoed_after_a_cut_proves_nothing")],
    24: [(BRIDGE + "test_playback_pace.py", "test_names_are_never_used_again")],
    25: [(SDK + "test_twilio_wire.py", "test_commands_are_the_frames_that_twilio_accepts")],
    26: [
        (BRIDGE + "test_scene_ends.py", "test_a_goodbye_of_four_seconds_is_heard_in_full"),
        (TELNYX, "row_26_the_goodbye_is_heard_in_full"),
    ],
    27: [(BRIDGE + "test_playback_pace.py", "test_half_a_second_goes_out_at_once_and_the_rest_in_time")],
    28: [(TELNYX, "row_28_nothing_shorter_than_20_ms_is_sent")],
    29: [
        (TWILIO, "row_29_nothing_comes_for_three_seconds_then_all_at_once"),
        (TELNYX, "row_29_nothing_comes_for_three_seconds_then_all_at_once"),
    ],
    30: [(TELNYX, "row_30_media_comes_out_of_order_twice_and_not_at_all")],
    31: [(TELNYX, "row_31_a_network_that_sends_no_silence")],
    32: [(TELNYX, "row_32_a_call_to_which_nothing_is_sent_would_be_dropped")],
    33: [(TELNYX, "row_33_our_sound_is_asked_for_as_rtp")],
    34: [
        (TWILIO, "row_34_another_codec_than_ever_and_counts_that_begin_anew"),
        (TELNYX, "row_34_a_law_comes_though_mu_law_was_asked_for"),
    ],
    35: [
        (DOORS + "hang_ups.py", "caller_leaves_without_stop"),
        (DOORS + "hang_ups.py", "caller_leaves_and_the_socket_stays_open"),
        (TELNYX, "row_35_neither_stop_nor_any_word_on_the_end"),
    ],
    36: [
        (MATRIX + "transfers.py", "a_caller_is_put_through"),
        (MATRIX + "keys.py", "keys_are_pressed_and_the_call_goes_on"),
    ],
    37: [(DOORS + "frames.py", "no_start")],
    38: [(DOORS + "frames.py", "well_formed_frame_before_start"), (TELNYX, "row_38_no_start_at_all")],
    39: [
        (DOORS + "tokens.py", "newest_socket_wins"),
        (TWILIO, "row_39_a_second_socket_with_a_used_token_opens_nothing"),
        (TELNYX, "row_39_the_socket_breaks_and_telnyx_opens_it_again"),
        (TELNYX, "row_39_a_second_socket_takes_over_from_one_that_fell_silent"),
    ],
    40: [(SDK + "test_simulator_documents.py", "test_streams_that_cannot_be_opened")],
    41: [
        (DOORS + "tokens.py", "no_token"),
        (DOORS + "tokens.py", "token_of_another_call"),
        (DOORS + "tokens.py", "forged_upgrade"),
    ],
    42: [(DOORS + "hang_ups.py", "rest_hang_up")],
    43: [(DOORS + "frames.py", "binary"), (TELNYX, "row_43_binary_garbage_and_huge_frames")],
    44: [(SDK + "telnyx/test_wire.py", "test_keys_are_sorted_by_their_time_and_told_once")],
    45: [(SDK + "audio/test_resample.py", "test_"), (TELNYX, "row_45_wideband_comes_though_mu_law")],
    46: [(SDK + "test_simulator_vendor_sdk.py", "test_calls_that_nobody_answers")],
    47: [
        (MATRIX + "transfers.py", "a_cold_transfer_comes_back"),
    ],
    48: [
        (BRIDGE + "test_scene_transfers.py", "test_a_caller_who_hangs_up_meanwhile_leaves_nobody_ringing"),
        (MATRIX + "transfers.py", "the_caller_leaves_while_it_rings"),
    ],
    49: [
        (DOORS + "lost_sockets.py", "lost_socket_is_resumed"),
        (TWILIO, "row_49_a_broken_socket_that_ends_the_call_at_the_carrier"),
        (TELNYX, "row_49_the_socket_breaks_and_we_ask_for_another"),
    ],
    50: [("patter_site/operations/server.py", "ws_ping_interval=20")],
}


def test_every_row_has_a_test() -> None:
    assert sorted(ROWS) == list(range(1, 51))
    assert all(ROWS.values())


@pytest.mark.parametrize("row", sorted(ROWS))
def test_the_tests_of_a_row_are_there(row: int) -> None:
    for path, name in ROWS[row]:
        text = (ROOT / path).read_text()
        found = re.search(rf"def {re.escape(name)}", text) or (row == 50 and name in text)
        assert found, f"row {row}: {path} has no {name}"
