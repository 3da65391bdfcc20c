"""Fills an empty PostgreSQL database with the users of a Django service, by the real Django.

python accounts.py DATABASE_URL N DIRECTORY

The tables `auth_user` (of django.contrib.auth, migrated) and `users_user` (as the older service had
it) get the same users 1 to N; DIRECTORY gets them as users.json (dumpdata auth.user), users.csv and
users.jsonl. User n is `user{n}`, `user{n}@example.org`, `password of user {n}`. Their hashes are of
the five hashers in turn: pbkdf2_sha256 for user 1, then argon2, bcrypt_sha256, bcrypt, scrypt. Every
50th is inactive, every 100th has an unusable password.
"""

import csv
import json
import re
import sys
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import django
from django.conf import settings
from django.contrib.auth import hashers


# The real ones, but quick.
class Pbkdf2(hashers.PBKDF2PasswordHasher):
    iterations = 1000


class Argon2(hashers.Argon2PasswordHasher):
    time_cost = 1
    memory_cost = 1024
    parallelism = 1


class BcryptSha256(hashers.BCryptSHA256PasswordHasher):
    rounds = 4


class Bcrypt(hashers.BCryptPasswordHasher):
    rounds = 4


class Scrypt(hashers.ScryptPasswordHasher):
    work_factor = 1024
    parallelism = 1


HASHERS = [Pbkdf2, Argon2, BcryptSha256, Bcrypt, Scrypt]


def database(url):
    """Django's settings for postgres://user:pw@host:port/db or postgres:///db?host=/dir."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        sys.exit(f"not a PostgreSQL URL: {url}")
    # Not `hostname`: it is in lower case, which a directory is not always.
    host = re.sub(r":\d*$", "", parts.netloc.rpartition("@")[2]).strip("[]")
    where = {
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "host": unquote(host),
        "port": str(parts.port or ""),
    }
    options = {}
    for name, value in parse_qsl(parts.query):
        (where if name in where else options)[name] = value
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        **{name.upper(): value for name, value in where.items()},
        "OPTIONS": options,
    }


def configure(url):
    settings.configure(
        SECRET_KEY="the-secret-key-of-django-has-fifty-characters-or-so",
        USE_TZ=True,
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
        PASSWORD_HASHERS=[f"{__name__}.{hasher.__name__}" for hasher in HASHERS],
        DATABASES={"default": database(url)},
    )
    django.setup()


def custom_user():
    """The model of the older service; its table is `users_user`."""
    from django.db import models

    class User(models.Model):
        id = models.BigAutoField(primary_key=True)
        name = models.CharField(max_length=255, unique=True)
        email = models.CharField(max_length=255, unique=True)
        password = models.CharField(max_length=255)
        is_active = models.BooleanField(default=True)

        class Meta:
            app_label = "users"

    return User


def people(count):
    for n in range(1, count + 1):
        # Without a password it is an unusable one: `!` and chance.
        password = f"password of user {n}" if n % 100 else None
        hasher = HASHERS[(n - 1) % len(HASHERS)].algorithm
        yield {
            "id": n,
            "name": f"user{n}",
            "email": f"user{n}@example.org",
            "password": hashers.make_password(password, hasher=hasher),
            "is_active": n % 50 != 0,
        }


def fill(users):
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.core.management.color import no_style
    from django.db import connection, transaction

    call_command("migrate", verbosity=0)
    Custom = custom_user()
    with transaction.atomic():
        with connection.schema_editor() as editor:
            editor.create_model(Custom)
        Custom.objects.bulk_create(Custom(**user) for user in users)
        User.objects.bulk_create(
            User(**{"username" if key == "name" else key: value for key, value in user.items()})
            for user in users
        )
        with connection.cursor() as cursor:
            for sql in connection.ops.sequence_reset_sql(no_style(), [User, Custom]):
                cursor.execute(sql)


def write(users, directory):
    from django.core.management import call_command

    directory.mkdir(parents=True, exist_ok=True)
    call_command("dumpdata", "auth.user", output=directory / "users.json", verbosity=0)
    with open(directory / "users.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, users[0], lineterminator="\n")
        table.writeheader()
        for user in users:
            table.writerow({**user, "is_active": "true" if user["is_active"] else "false"})
    with open(directory / "users.jsonl", "w", encoding="utf-8") as file:
        file.writelines(json.dumps(user) + "\n" for user in users)


if __name__ == "__main__":
    url, count, directory = sys.argv[1:]
    configure(url)
    users = list(people(int(count)))
    fill(users)
    write(users, Path(directory))
