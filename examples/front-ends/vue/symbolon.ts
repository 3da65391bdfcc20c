import { inject, onScopeDispose, readonly, shallowRef, watch, type App, type InjectionKey, type Ref } from 'vue';
import type { Client, State, User } from 'symbolon';

const key: InjectionKey<Client> = Symbol('symbolon');

/** Gives all components one client: `app.use(symbolon(createClient()))`. */
export const symbolon = (client: Client) => ({ install: (app: App) => app.provide(key, client) });

/** The client, for its calls. */
export function useClient(): Client {
  const client = inject(key);
  if (!client) throw new Error('app.use(symbolon(createClient())) is missing');
  return client;
}

/**
 * Whether somebody is signed in, in step with all tabs. While `signedIn` is `undefined`, `problem` says why
 * that could not be found out, and `retry` tries again.
 */
export function useSession() {
  const client = useClient();
  const session = shallowRef<State>(client.state);
  const problem = shallowRef<Error | null>(null);
  onScopeDispose(client.onChange(() => { session.value = client.state; }));
  function retry() {
    problem.value = null;
    client.token().catch((error) => { problem.value = error; });
  }
  // On a server there is no cookie.
  if (typeof window !== 'undefined') retry();
  return { session: readonly(session) as Readonly<Ref<State>>, problem, retry };
}

/** The user who is signed in: `undefined` while that is being read, `null` if nobody is. */
export function useUser(): Readonly<Ref<User | null | undefined>> {
  const client = useClient();
  const { session } = useSession();
  const user = shallowRef<User | null>();
  watch(session, async ({ signedIn }, _, onCleanup) => {
    let isCurrent = true;
    onCleanup(() => { isCurrent = false; });
    user.value = undefined;
    if (signedIn === undefined) return;
    const found = await client.user().catch(() => undefined);
    if (isCurrent) user.value = found;
  }, { immediate: true });
  return user;
}
