from django.urls import path

from phone_numbers import views

app_name = "numbers"
urlpatterns = [
    path("o/<slug:slug>/numbers/", views.number_list, name="list"),
    path("o/<slug:slug>/numbers/<str:number_id>/agent/", views.assign, name="assign"),
]
