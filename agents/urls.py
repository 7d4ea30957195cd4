from django.urls import path

from agents import views

app_name = "agents"
urlpatterns = [
    path("o/<slug:slug>/agents/", views.agent_list, name="list"),
    path("o/<slug:slug>/agents/new/", views.new_agent, name="new"),
    path("o/<slug:slug>/agents/<str:agent_id>/", views.agent_page, name="agent"),
    path("o/<slug:slug>/agents/<str:agent_id>/elevenlabs/", views.convai, name="convai"),
    path("o/<slug:slug>/agents/<str:agent_id>/versions/", views.agent_versions, name="versions"),
    path("o/<slug:slug>/agents/<str:agent_id>/versions/<int:number>/restore/", views.restore, name="restore"),
]
