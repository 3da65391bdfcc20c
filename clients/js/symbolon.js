/**
 * The browser half of Symbolon: keeps a user signed in, in all tabs at once. The access token stays
 * in memory, the refresh token in a cookie that no script can read. Types: symbolon.d.ts.
 */

/** What the service refused, with its stable `code`; `reason` where a session ended. */
export class SymbolonError extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `status ${status}`);
    Object.assign(this, { name: 'SymbolonError', status, ...problem });
  }
}

/** Renewed so long before its end, in ms: a request takes its time. */
const EARLY = 20e3;
/** An answer that takes longer is lost, in ms. */
const PATIENCE = 7e3;
/** Waits before another attempt: the first is within a third of the default grace. */
const AGAIN = [500, 2000, 5000];
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

/** What may be sent twice: no stream, and nothing that could be large. */
const isReplayable = (input, body) =>
  !(input instanceof Request && input.body) && (body == null || typeof body === 'string' || body instanceof URLSearchParams);

export function createClient({ baseUrl = '', origins = [] } = {}) {
  const base = new URL(baseUrl.replace(/\/?$/, '/'), location.href);
  const trusted = new Set([base.origin, ...origins.map((url) => new URL(url).origin)]);
  const name = `symbolon ${base}`;
  const channel = globalThis.BroadcastChannel && new BroadcastChannel(name);
  const listeners = new Set();
  /** `undefined` until it is known, `null` when signed out. */
  let access;
  let renewing;

  /** In this tab. `reason`: why a session ended; `isNew`: somebody has just signed in. */
  function become({ next, reason = null, isNew }) {
    const was = access;
    access = next;
    // That it is over is told once, whoever finds out first.
    if (was === null && !next) return;
    if (isNew || reason || !was !== !next) {
      for (const listener of listeners) listener({ signedIn: !!next, reason });
    }
  }
  /** In all tabs. */
  function everywhere(change) {
    channel?.postMessage(change);
    become(change);
  }
  if (channel) channel.onmessage = ({ data }) => become(data);

  const send = (method, path, { body, token, signal } = {}) =>
    fetch(new URL(path, base), {
      method,
      headers: { ...(body && { 'Content-Type': 'application/json' }), ...(token && { Authorization: `Bearer ${token}` }) },
      body: body && JSON.stringify(body),
      credentials: 'include',
      cache: 'no-store',
      signal,
    });

  async function answer(sent) {
    const response = await sent;
    const json = await response.json().catch((error) => {
      // Cut off on the way: as good as lost.
      if (response.ok) throw error;
      return {};
    });
    if (!response.ok) throw new SymbolonError(response.status, json);
    return json;
  }

  /** Good from when it was asked for, by this clock alone: the service's may differ. */
  async function receive(sent, at = Date.now()) {
    const { token, expires_in } = await answer(sent);
    return { token, until: at + expires_in * 1e3 };
  }

  async function renew(stale) {
    // Another tab may be faster.
    for (let n = 0; access === stale; n++) {
      try {
        const next = await receive(send('POST', 'api/refresh_all', { signal: AbortSignal.timeout(PATIENCE) }));
        if (access === stale) everywhere({ next });
      } catch (error) {
        if (error.status === 401) {
          const reason = error.reason || (error.code === 'refresh_missing' && !stale ? null : error.code);
          // A late refusal is not about a newer sign-in.
          if (access === stale) everywhere({ next: null, reason });
          return;
        }
        if ((error.status && error.status < 500) || n >= AGAIN.length) throw error;
        await wait(AGAIN[n]);
      }
    }
  }

  /**
   * One renewal at a time: in this tab and, where there are Web Locks, in all. Without, the
   * service's grace sees to it that several do no harm.
   */
  function renewed(stale = access) {
    renewing ??= (navigator.locks ? navigator.locks.request(name, () => renew(stale)) : renew(stale))
      .finally(() => { renewing = undefined; });
    return renewing;
  }

  /** An access token that is good for a while, or `null` when signed out. */
  async function token() {
    if (access === undefined || (access && access.until - EARLY < Date.now())) await renewed();
    return access ? access.token : null;
  }

  /** Sends with the access token; if that was refused, it is renewed, and all is sent once more. */
  async function authorized(attempt, mayRepeat = true) {
    const first = await token();
    const response = await attempt(first);
    if (response.status !== 401 || !first) return response;
    if (access?.token === first) await renewed();
    return access && mayRepeat ? attempt(access.token) : response;
  }

  const call = (method, path, body) => answer(authorized((token) => send(method, path, { body, token })));

  return {
    token,
    register: (account) => answer(send('POST', 'api/register', { body: account })),
    async login(credentials) {
      everywhere({ next: await receive(send('POST', 'api/login', { body: credentials })), isNew: true });
    },
    async logout() {
      await answer(send('POST', 'api/logout', { token: access?.token }));
      everywhere({ next: null, reason: access && 'logout' });
    },
    user: async () => ((await token()) ? (await call('GET', 'api/me')).user : null),
    async sessions() {
      const all = [];
      for (let next = ''; next !== undefined;) {
        const page = await call('GET', `api/sessions${next && `?before=${next}`}`);
        all.push(...page.sessions);
        next = page.next;
      }
      return all;
    },
    endSession: async (id) => { await call('DELETE', `api/sessions/${encodeURIComponent(id)}`); },
    endOtherSessions: async () => (await call('DELETE', 'api/sessions')).ended,
    changePassword: async (current, next) => (await call('POST', 'api/password', { current, new: next })).ended,
    /** As the browser's own, with the access token for the service and `origins`, and nobody else. */
    async fetch(input, init = {}) {
      const url = new URL(input instanceof Request ? input.url : input, location.href);
      if (!trusted.has(url.origin)) return fetch(input, init);
      return authorized((bearer) => {
        const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : {}));
        if (bearer) headers.set('Authorization', `Bearer ${bearer}`);
        return fetch(input, { ...init, headers });
      }, isReplayable(input, init.body));
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
