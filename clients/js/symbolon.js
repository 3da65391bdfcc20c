/** The browser client for Symbolon. The API is described in symbolon.d.ts. */

// What is newer than Chrome 85, Firefox 79 or Safari 14 needs a fallback.

export class SymbolonError extends Error {
  constructor(status, problem, retryAfter) {
    super(problem.detail || problem.title || `status ${status}`);
    Object.assign(this, { name: 'SymbolonError', status, ...problem, retryAfter });
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

/** `AbortSignal.timeout`, also for browsers that lack it. */
function timeout(ms) {
  if (AbortSignal.timeout) return AbortSignal.timeout(ms);
  const controller = new AbortController();
  setTimeout(() => controller.abort(), ms);
  return controller.signal;
}

/** The session id in an access token. */
const sid = (token) => JSON.parse(atob(token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/'))).sid;

function resolve(baseUrl, page) {
  try {
    const url = new URL(baseUrl.replace(/\/?$/, '/'), page?.href);
    // `localhost:8000` is a URL, but has no origin.
    if (url.origin !== 'null') return url;
  } catch {}
  throw new TypeError(`createClient: pass an absolute baseUrl, such as 'https://id.example.org', not '${baseUrl}'`);
}

export function createClient({ baseUrl = '', origins = [], anonymous = false } = {}) {
  /** `undefined` on a server. */
  const page = globalThis.location;
  const base = resolve(baseUrl, page);
  const trusted = new Set([base.origin, ...origins.map((url) => new URL(url).origin)]);
  const name = `symbolon ${base}`;
  // Not on a server, where clients may be of different users.
  const channel = page && globalThis.BroadcastChannel && new BroadcastChannel(name);
  /** Each with the state it was last called with. */
  const listeners = new Map();
  /** `undefined` until known, `null` when signed out. */
  let access = anonymous ? null : undefined;
  let state = Object.freeze({ signedIn: anonymous ? false : undefined, reason: null });
  let renewing;

  /** Calls a listener, unless it was removed or knows the state. */
  function tell(listener) {
    if (state.signedIn === undefined || !listeners.has(listener) || listeners.get(listener) === state) return;
    listeners.set(listener, state);
    try {
      listener(state);
    } catch (error) {
      (globalThis.reportError ?? console.error)(error);
    }
  }
  /** Updates this tab; notifies listeners the first time and when the session changes. */
  function become({ next, reason = null }) {
    const was = access;
    access = next;
    if (was !== undefined && was?.sid === next?.sid) return;
    state = Object.freeze({ signedIn: !!next, reason });
    // A copy: listeners that are added meanwhile are called later.
    for (const listener of [...listeners.keys()]) tell(listener);
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
      signal: timeout(patience),
    });

  async function answer(sent) {
    const response = await sent;
    const json = await response.json().catch((error) => {
      // Truncated: treat as lost.
      if (response.ok) throw error;
      return {};
    });
    if (response.ok) return json;
    // `undefined` without the header, and if a proxy has sent a date.
    const [seconds] = /^\d+$/.exec(response.headers.get('Retry-After')) ?? [];
    throw new SymbolonError(response.status, json, seconds && +seconds);
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
      if (page && navigator.locks) return await navigator.locks.request(name, { signal: timeout(LONG) }, run);
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

  async function token(renewal = renewed) {
    if (access === undefined || (access && access.until - EARLY < Date.now())) await renewal();
    return access ? access.token : null;
  }

  /** Sends with the access token; on a 401, renews the token and resends once. */
  async function authorized(attempt, mayRepeat = () => true, renewal = renewed) {
    await token(renewal);
    const first = access;
    const response = await attempt(first?.token);
    if (response.status !== 401 || !first) return response;
    if (access?.token === first.token) await renewal();
    // Never resend in another session.
    return access?.sid === first.sid && mayRepeat() ? attempt(access.token) : response;
  }

  /** With the access token. */
  const call = (method, path, body, renewal) => answer(authorized((token) => send(method, path, { body, token }), undefined, renewal));
  /** Without it. */
  const post = (path, body) => answer(send('POST', path, { body }));
  const mail = async (path, email, { returnTo } = {}) => { await post(path, { email, return_to: returnTo }); };
  const list = (path, before) => call('GET', before ? `${path}?before=${encodeURIComponent(before)}` : path);
  const signIn = (path, body) => exclusive(async () => {
    everywhere({ next: await receive(send('POST', path, { body })) });
  });

  return {
    get state() { return state; },
    token: () => token(),
    async renew() {
      await renewed();
      return token();
    },
    register: (account) => post('api/register', account),
    acceptInvitation: (invitation) => post('api/invitation/accept', invitation),
    login: (credentials) => signIn('api/login', credentials),
    loginWithCode: (proof) => signIn('api/login/code/verify', proof),
    logout: () => exclusive(async () => {
      await answer(send('POST', 'api/logout', { token: access?.token }));
      everywhere({ next: null, reason: 'logout' });
    }),
    deleteAccount: (password) => exclusive(async () => {
      // Not `renewed`, which would wait for the lock that is held here.
      await call('POST', 'api/me/delete', { password }, () => renew(access));
      everywhere({ next: null, reason: 'account_deleted' });
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
    updateProfile: (changes) => call('PATCH', 'api/me', changes),
    async sessions() {
      const all = [];
      for (let next = ''; next !== undefined;) {
        const some = await list('api/sessions', next);
        all.push(...some.sessions);
        next = some.next;
      }
      return all;
    },
    revokeSession: async (id) => { await call('DELETE', `api/sessions/${encodeURIComponent(id)}`); },
    revokeOtherSessions: async () => (await call('DELETE', 'api/sessions')).revoked,
    events: ({ before } = {}) => list('api/events', before),
    changePassword: async (current, next) => (await call('POST', 'api/password', { current, new: next })).revoked,
    forgotPassword: (email, options) => mail('api/password/forgot', email, options),
    resetPassword: async ({ password, ...proof }) => (await post('api/password/set', { ...proof, new: password })).revoked,
    sendLoginCode: (email, options) => mail('api/login/code', email, options),
    sendVerification: async () => { await call('POST', 'api/email/verify/send'); },
    // A code alone is for the address of whoever is signed in.
    verifyEmail: (proof) => (proof.token || proof.email ? post('api/email/verify', proof) : call('POST', 'api/email/verify', proof)),
    undoEmailChange: (token) => post('api/email/change/undo', { token }),
    readLink: (token) => post('api/link', { token }),
    async fetch(input, init = {}) {
      const request = typeof input === 'string' || input instanceof URL ? null : input;
      // Send exactly the URL that was checked.
      const url = new URL(request ? request.url : input, globalThis.document?.baseURI ?? page?.href);
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
      listeners.set(listener, undefined);
      queueMicrotask(() => tell(listener));
      return () => listeners.delete(listener);
    },
  };
}
