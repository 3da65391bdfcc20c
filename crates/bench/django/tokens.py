"""Makes the tables and a user, and prints so many refresh tokens of theirs."""

import os
import sys

import django
from django.core.management import call_command

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from rest_framework_simplejwt.tokens import RefreshToken  # noqa: E402

call_command("migrate", verbosity=0)
user, _ = User.objects.get_or_create(username="ann", email="ann@example.org")
for _ in range(int(sys.argv[1])):
    print(RefreshToken.for_user(user))
