"""The refresh endpoint that people copy: FastAPI, PyJWT and SQLite, with a refresh token that is
a JWT. It reads the user, signs a new access token, and writes nothing."""
import sqlite3
from datetime import datetime, timedelta, timezone

import jwt
from fastapi import FastAPI, Form, HTTPException

SECRET = "a secret of 32 bytes for benches"
app = FastAPI()
database = sqlite3.connect("users.db", check_same_thread=False)
database.execute("CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, name TEXT)")
database.execute("INSERT OR IGNORE INTO users VALUES (1, 'alice')")
database.commit()


def token(kind, lifetime):
    now = datetime.now(timezone.utc)
    claims = {"sub": "1", "type": kind, "iat": now, "exp": now + lifetime}
    return jwt.encode(claims, SECRET, algorithm="HS256")


@app.get("/token")
async def first():
    return {"refresh_token": token("refresh", timedelta(days=7))}


@app.post("/auth/refresh")
async def refresh(refresh_token: str = Form()):
    try:
        claims = jwt.decode(refresh_token, SECRET, algorithms=["HS256"])
    except jwt.PyJWTError as error:
        raise HTTPException(401, "Could not validate credentials") from error
    found = database.execute("SELECT name FROM users WHERE id = ?", (claims["sub"],)).fetchone()
    if found is None or claims["type"] != "refresh":
        raise HTTPException(401, "Could not validate credentials")
    return {"access_token": token("access", timedelta(minutes=30)), "token_type": "bearer"}
