from django.urls import path

from tools import source_views, views

app_name = "tools"
urlpatterns = [
    path("o/<slug:slug>/tools/", views.tool_list, name="list"),
    path("o/<slug:slug>/tools/new/", views.new_tool, name="new"),
    path("o/<slug:slug>/tools/servers/new/", source_views.new_source, name="new_source"),
    path("o/<slug:slug>/tools/servers/<str:source_id>/", source_views.source_page, name="source"),
    path("o/<slug:slug>/tools/servers/<str:source_id>/discover/", source_views.ask_again, name="discover"),
    path("o/<slug:slug>/tools/servers/<str:source_id>/choose/", source_views.choose, name="choose"),
    path("o/<slug:slug>/tools/servers/<str:source_id>/delete/", source_views.delete, name="delete_source"),
    path("o/<slug:slug>/tools/<str:tool_id>/", views.tool_page, name="tool"),
    path("o/<slug:slug>/tools/<str:tool_id>/try/", views.try_page, name="try"),
    path("o/<slug:slug>/tools/<str:tool_id>/rotate/", views.rotate, name="rotate"),
    path("o/<slug:slug>/tools/<str:tool_id>/delete/", views.delete, name="delete"),
]
