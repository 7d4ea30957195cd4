from django.urls import path

from calls import views
from calls.llm import chat_completions

app_name = "calls"
urlpatterns = [
    path("llm/v1/<str:agent_id>/chat/completions", chat_completions, name="chat_completions"),
    path("o/<slug:slug>/tools/<str:tool_id>/runs/", views.tool_runs, name="tool_runs"),
    path("o/<slug:slug>/calls/", views.call_list, name="list"),
    path("o/<slug:slug>/calls/<str:call_id>/", views.call_page, name="call"),
    path("o/<slug:slug>/calls/<str:call_id>/row/", views.call_row, name="row"),
    path("o/<slug:slug>/calls/<str:call_id>/growth/", views.call_growth, name="growth"),
    path("o/<slug:slug>/calls/<str:call_id>/recording.wav", views.call_recording, name="recording"),
    path("o/<slug:slug>/calls/<str:call_id>/hang-up/", views.hang_up, name="hang_up"),
    path("o/<slug:slug>/calls/<str:call_id>/transfer/", views.transfer, name="transfer"),
]
