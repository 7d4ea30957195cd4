"""Finding a call and hearing it, by keyboard alone and by hand."""

from playwright.sync_api import expect

from calls.scenes import TABLE_FOR_FOUR, add_turns, make_full_call, make_unanswered_call
from patter_site.common import bus


def test_a_link_leads_to_the_calls(open_page, scene):
    page = open_page("/")
    expect(page).to_have_url(page.url.split("/o/")[0] + scene.path("calls"))
    expect(page.locator("tbody tr")).to_have_count(1)


def test_keys_alone_lead_to_a_call_and_through_it(open_page, scene):
    for _ in range(2):
        make_unanswered_call(scene.cast.organisation)
    page = open_page(scene.path("agents"))
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/calls/")
    page.keyboard.press("/")
    expect(page.locator("#id_q")).to_be_focused()
    page.keyboard.type("lime")
    expect(page.locator("tbody tr")).to_have_count(0)  # meant, but never heard
    page.locator("#id_q").fill("terrace")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert "q=terrace" in page.url
    # A list that is being exchanged takes the focus with it.
    page.wait_for_function("!document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/calls/{scene.call.pk}/")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".entry.now .said")).to_contain_text("table for four")
    assert page.url.endswith("#t=5")
    assert page.evaluate("document.querySelector('audio').currentTime") == 5.2


def test_space_plays_and_transcript_follows(open_page, scene):
    page = open_page(scene.path("calls", scene.call.pk) + "#t=12")
    page.wait_for_function("document.querySelector('audio').readyState >= 1")
    expect(page.locator("[data-position]")).to_have_text("00:12")
    page.evaluate("document.querySelector('audio').muted = true")
    page.keyboard.press("Space")
    expect(page.locator(".entry.now .said")).to_contain_text("could we sit outside")
    page.keyboard.press("Space")
    assert page.evaluate("document.querySelector('audio').paused")


def test_a_click_on_either_side_moves_both(open_page, scene):
    page = open_page(scene.path("calls", scene.call.pk))
    page.wait_for_function("document.querySelector('audio').readyState >= 1")
    page.locator("#turn-4 .said").click()
    assert round(float(page.locator(".playhead").get_attribute("x1"))) == round(13000 / 34000 * 1000)
    box = page.locator(".wave").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.9, box["y"] + 20)
    expect(page.locator(".entry.now .who")).to_have_text("Agent")
    assert page.evaluate("document.querySelector('audio').currentTime") > 29


def test_evidence_of_a_reply_folds_out(open_page, scene):
    page = open_page(scene.path("calls", scene.call.pk))
    page.locator("#turn-3 summary").click()
    expect(page.locator("#turn-3 .events")).to_contain_text("decided_by speech_final")


def test_a_live_call_grows_while_one_looks(open_page, scene, server):
    call = make_full_call(scene.cast.organisation, live=True, said=TABLE_FOR_FOUR[:2])
    page = open_page(scene.path("calls", call.pk), live=True)
    interim = {"kind": "interim", "role": "user", "text": "and could we", "at_ms": 13000}
    bus.publish(f"call.{call.pk}.live", {"type": "live.entry", "entry": interim})
    expect(page.locator("#interim .said")).to_have_text("and could we")
    add_turns(call, TABLE_FOR_FOUR[2:5], first_index=2)
    bus.publish(f"call.{call.pk}.live", {"type": "live.entry", "entry": {"kind": "turn", "index": 4}})
    expect(page.locator("#line")).to_contain_text("And could we sit outside?")
    expect(page.locator("#interim")).to_be_hidden()
    call.status, call.end_reason = "completed", "caller_hung_up"
    call.save()
    bus.publish(
        f"call.{call.pk}.live", {"type": "live.entry", "entry": {"kind": "status", "status": "completed"}}
    )
    expect(page.locator("#call-head")).to_contain_text("caller hung up")
    expect(page.locator("#live-bar")).to_contain_text("Show the whole call")
    expect(page.locator("#call-head")).to_have_count(1)


def test_the_list_shows_a_new_call_by_itself(open_page, scene, server):
    page = open_page(scene.path("calls"), live=True)
    call = make_full_call(scene.cast.organisation, live=True, said=())
    group = f"organisation.{scene.cast.organisation.pk}.live"
    bus.publish(group, {"type": "live.entry", "call": call.pk, "entry": {"kind": "call"}})
    expect(page.locator(f"#{call.pk}")).to_contain_text("In progress")
    call.status = "completed"
    call.save()
    bus.publish(group, {"type": "live.entry", "call": call.pk, "entry": {"kind": "call"}})
    expect(page.locator(f"#{call.pk}")).to_contain_text("Completed")


def test_hanging_up_asks_first(open_page, scene):
    call = make_full_call(scene.cast.organisation, live=True, said=TABLE_FOR_FOUR[:2])
    page = open_page(scene.path("calls", call.pk))
    page.get_by_role("button", name="Hang up").click()
    expect(page.get_by_role("button", name="Keep talking")).to_be_focused()
    page.get_by_role("dialog").get_by_role("button", name="Hang up").click()
    expect(page.locator(".state").first).to_have_text("Completed")


def test_reading_works_without_script(open_page, scene):
    page = open_page(scene.path("calls", scene.call.pk), script=False)
    expect(page.locator(".entry.user")).to_have_count(5)
    page.locator("#turn-3 summary").click()
    expect(page.locator("#turn-3 .events")).to_contain_text("speech_final")
    page = open_page(scene.path("calls") + "?q=giraffe", script=False)
    expect(page.get_by_role("link", name="Show all calls")).to_be_visible()
