/** The browser client for Symbolon. The API is described in symbolon.d.ts. */

export class SymbolonError extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `status ${status}`);
    Object.assign(this, { name: 'SymbolonError', status, ...problem });
  }
}

/** Tokens are renewed this long before they expire (ms). */
const EARLY = 20e3;
/** Timeout of a renewal, and of any other call (ms). */
const PATIENCE = 7e3;
const LONG = 40e3;
/** Retry delays (ms). The first retry is within a third of the default grace period. */
const AGAIN = [500, 2000, 5000];
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

/** The session id in an access token. */
const sid = (token) => JSON.parse(atob(token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/'))).sid;

export function createClient({ baseUrl = '', origins = [] } = {}) {
  const base = new URL(baseUrl.replace(/\/?$/, '/'), location.href);
  const trusted = new Set([base.origin, ...origins.map((url) => new URL(url).origin)]);
  const name = `symbolon ${base}`;
  const channel = globalThis.BroadcastChannel && new BroadcastChannel(name);
  const listeners = new Set();
  /** `undefined` until known, `null` when signed out. */
  let access;
  let renewing;

  /** Updates this tab; notifies listeners the first time and when the session changes. */
  function become({ next, reason = null }) {
    const was = access;
    access = next;
    if (was !== undefined && was?.sid === next?.sid) return;
    for (const listener of listeners) {
      try {
        listener({ signedIn: !!next, reason });
      } catch (error) {
        reportError(error);
      }
    }
  }
  /** Updates all tabs. */
  function everywhere(change) {
    channel?.postMessage({ v: 1, ...change });
    become(change);
  }
  if (channel) channel.onmessage = ({ data }) => data?.v === 1 && become(data);

  const send = (method, path, { body, token, patience = LONG } = {}) =>
    fetch(new URL(path, base), {
      method,
      headers: { ...(body && { 'Content-Type': 'application/json' }), ...(token && { Authorization: `Bearer ${token}` }) },
      body: body && JSON.stringify(body),
      credentials: 'include',
      cache: 'no-store',
      signal: AbortSignal.timeout(patience),
    });

  async function answer(sent) {
    const response = await sent;
    const json = await response.json().catch((error) => {
      // Truncated: treat as lost.
      if (response.ok) throw error;
      return {};
    });
    if (!response.ok) throw new SymbolonError(response.status, json);
    return json;
  }

  /** The lifetime counts from the request, by the local clock. */
  async function receive(sent, at = Date.now()) {
    const { token, expires_in } = await answer(sent);
    return { token, sid: sid(token), until: at + expires_in * 1e3 };
  }

  /** Runs one at a time across tabs. Without Web Locks, the grace period makes overlaps harmless. */
  async function exclusive(act) {
    let began;
    const run = () => { began = true; return act(); };
    try {
      if (navigator.locks) return await navigator.locks.request(name, { signal: AbortSignal.timeout(LONG) }, run);
    } catch (error) {
      if (began) throw error;
    }
    return run();
  }

  async function renew(stale) {
    // Another tab may be faster.
    for (let n = 0; access === stale; n++) {
      try {
        const next = await receive(send('POST', 'api/refresh_all', { patience: PATIENCE }));
        if (access === stale) everywhere({ next });
      } catch (error) {
        // An error without a code is not the service's.
        const refused = error instanceof SymbolonError && error.code && error.status < 500;
        if (refused && error.status === 401) {
          const reason = error.reason || (error.code === 'refresh_missing' && !stale ? null : error.code);
          // Ignore a refusal that is older than a sign-in.
          if (access === stale) everywhere({ next: null, reason });
          return;
        }
        if (refused || n >= AGAIN.length) throw error;
        await wait(AGAIN[n]);
      }
    }
  }

  function renewed() {
    const stale = access;
    renewing ??= exclusive(() => renew(stale)).finally(() => { renewing = undefined; });
    return renewing;
  }

  async function token() {
    if (access === undefined || (access && access.until - EARLY < Date.now())) await renewed();
    return access ? access.token : null;
  }

  /** Sends with the access token; on a 401, renews the token and resends once. */
  async function authorized(attempt, mayRepeat = () => true) {
    await token();
    const first = access;
    const response = await attempt(first?.token);
    if (response.status !== 401 || !first) return response;
    if (access?.token === first.token) await renewed();
    // Never resend in another session.
    return access?.sid === first.sid && mayRepeat() ? attempt(access.token) : response;
  }

  const call = (method, path, body) => answer(authorized((token) => send(method, path, { body, token })));

  return {
    token,
    async renew() {
      await renewed();
      return token();
    },
    register: (account) => answer(send('POST', 'api/register', { body: account })),
    login: (credentials) => exclusive(async () => {
      everywhere({ next: await receive(send('POST', 'api/login', { body: credentials })) });
    }),
    logout: () => exclusive(async () => {
      await answer(send('POST', 'api/logout', { token: access?.token }));
      everywhere({ next: null, reason: 'logout' });
    }),
    async user() {
      if (!(await token())) return null;
      try {
        return (await call('GET', 'api/me')).user;
      } catch (error) {
        if (access) throw error;
        return null;
      }
    },
    async sessions() {
      const all = [];
      for (let next = ''; next !== undefined;) {
        const page = await call('GET', `api/sessions${next && `?before=${next}`}`);
        all.push(...page.sessions);
        next = page.next;
      }
      return all;
    },
    revokeSession: async (id) => { await call('DELETE', `api/sessions/${encodeURIComponent(id)}`); },
    revokeOtherSessions: async () => (await call('DELETE', 'api/sessions')).revoked,
    changePassword: async (current, next) => (await call('POST', 'api/password', { current, new: next })).revoked,
    async fetch(input, init = {}) {
      const request = typeof input === 'string' || input instanceof URL ? null : input;
      // Send exactly the URL that was checked.
      const url = new URL(request ? request.url : input, globalThis.document?.baseURI ?? location.href);
      const target = request ?? url;
      if (!trusted.has(url.origin)) return fetch(target, init);
      const { body } = init;
      return authorized((bearer) => {
        const headers = new Headers(init.headers ?? request?.headers);
        if (bearer) headers.set('Authorization', `Bearer ${bearer}`);
        return fetch(target, { ...init, headers });
        // Do not resend streams or large bodies.
      }, () => !request?.bodyUsed && (body == null || typeof body === 'string' || body instanceof URLSearchParams));
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
