from django.urls import path

from patter_site.accounts import views

app_name = "accounts"
urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-in/link/<str:token>/", views.sign_in_by_link, name="sign_in_by_link"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("appearance/", views.appearance, name="appearance"),
    path("o/<slug:slug>/", views.organisation_home, name="organisation_home"),
    path("o/<slug:slug>/settings/keys/", views.api_keys, name="api_keys"),
    path("o/<slug:slug>/settings/keys/<str:key_id>/revoke/", views.revoke_key, name="revoke_key"),
]
