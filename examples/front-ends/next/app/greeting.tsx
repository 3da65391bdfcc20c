'use client';

import { useState } from 'react';
import { useClient, useSession, useUser } from '../../react/symbolon';

export function Greeting() {
  const client = useClient();
  const { signedIn, problem, retry } = useSession();
  const user = useUser();
  const [answer, setAnswer] = useState('');
  if (problem) return <p role="alert">The server cannot be reached. <button onClick={retry}>Try again</button></p>;
  if (signedIn === undefined) return <p>One moment…</p>;
  if (!signedIn) return <p><a href="/sign-in?return_to=/">Sign in</a></p>;
  async function ask() {
    const response = await client.fetch('/hello').catch(() => null);
    setAnswer(response?.ok ? await response.text() : `The API does not answer (${response?.status ?? 'offline'}).`);
  }
  return (
    <>
      <p>Hello, <b>{user?.name}</b>! <output>{answer}</output></p>
      <p><button id="ask" onClick={ask}>Ask the API</button> <button onClick={() => client.logout()}>Sign out</button></p>
    </>
  );
}
