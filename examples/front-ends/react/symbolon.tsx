import {
  createContext, useCallback, useContext, useEffect, useMemo, useState, useSyncExternalStore, type ReactNode,
} from 'react';
import type { Client, State, User } from 'symbolon';

interface Provided {
  client: Client;
  /** What the server rendered, so that the first render in the browser is the same. */
  first: State;
  /** Why it could not be found out whether somebody is signed in. */
  problem: Error | null;
  retry: () => void;
}

const Context = createContext<Provided | null>(null);

/** Gives the components below it one client. Create the client once, outside of components. */
export function SymbolonProvider({ client, children }: { client: Client; children: ReactNode }) {
  const [first] = useState(client.state);
  const [problem, setProblem] = useState<Error | null>(null);
  // Any call finds out whether somebody is signed in. Two at once are one request.
  const retry = useCallback(() => {
    setProblem(null);
    client.token().catch(setProblem);
  }, [client]);
  useEffect(retry, [retry]);
  const value = useMemo(() => ({ client, first, problem, retry }), [client, first, problem, retry]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

function useProvided(): Provided {
  const provided = useContext(Context);
  if (!provided) throw new Error('SymbolonProvider is missing above this component');
  return provided;
}

/** The client, for its calls. */
export const useClient = (): Client => useProvided().client;

/**
 * Whether somebody is signed in, in step with all tabs. While `signedIn` is `undefined`, `problem` says why
 * that could not be found out, and `retry` tries again.
 */
export function useSession(): State & Pick<Provided, 'problem' | 'retry'> {
  const { client, first, problem, retry } = useProvided();
  const state = useSyncExternalStore(client.onChange, () => client.state, () => first);
  return { ...state, problem, retry };
}

/** The user who is signed in: `undefined` while that is being read, `null` if nobody is. */
export function useUser(): User | null | undefined {
  const { client, first } = useProvided();
  // Another object after each sign-in, even if it follows another one.
  const state = useSyncExternalStore(client.onChange, () => client.state, () => first);
  const [user, setUser] = useState<User | null>();
  useEffect(() => {
    let isCurrent = true;
    setUser(undefined);
    if (state.signedIn !== undefined) {
      client.user().then((user) => { if (isCurrent) setUser(user); }, () => {});
    }
    return () => { isCurrent = false; };
  }, [client, state]);
  return user;
}
