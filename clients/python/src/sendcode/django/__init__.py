"""A Django app: put "sendcode.django" into INSTALLED_APPS and set SENDCODE_URL and SENDCODE_KEY.

`client` here; `forms.CodeField`, `views.CodeViewMixin`, `middleware.SendcodeMiddleware`; `allauth` and `otp` are mixins
that import neither of these packages.
"""
