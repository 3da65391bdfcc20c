import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createClient } from 'symbolon';
import { SymbolonProvider, useClient, useSession, useUser } from './symbolon';

const client = createClient();

function App() {
  const { signedIn, reason, problem, retry } = useSession();
  if (problem) return <p role="alert">The server cannot be reached. <button onClick={retry}>Try again</button></p>;
  if (signedIn === undefined) return <p>One moment…</p>;
  if (signedIn) return <Home />;
  return <p>{reason && 'You were signed out. '}<a href="/sign-in?return_to=/">Sign in</a></p>;
}

function Home() {
  const client = useClient();
  const user = useUser();
  return (
    <>
      <p>Hello, <b>{user?.name}</b>!</p>
      <p><a href="/account">Your account</a> <button onClick={() => client.logout()}>Sign out</button></p>
    </>
  );
}

createRoot(document.getElementById('app')!).render(
  <StrictMode>
    <SymbolonProvider client={client}><App /></SymbolonProvider>
  </StrictMode>,
);
