// The body of an async function that returns what has failed, one text each.

const { createClient, SymbolonError } = await import('/symbolon.js');
const realFetch = window.fetch;
const realNow = Date.now;
let now = 1_800_000_000_000;
let calls;

const json = (status, body) => new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });
/** A token of this name, of a session; only the client looks into it. */
const jwt = (name, sid) => `${name}.${btoa(JSON.stringify({ sid }))}.`;
const pair = (name, expires_in = 300, sid = 's1') => json(200, { token: jwt(name, sid), token_type: 'Bearer', expires_in });
const named = (token) => token && token.replace(/^Bearer /, '').split('.')[0];
const ended = (reason) => json(401, { status: 401, code: 'session_revoked', title: 'Session revoked', reason });

/** Each check has a client of its own, as each base URL is a channel and a lock of its own. */
let count = 0;
const base = () => `https://id${++count}.example`;

function serve(answer) {
  calls = [];
  window.fetch = async (input, init = {}) => {
    const request = new Request(input, { ...init, signal: undefined });
    const call = { method: request.method, url: request.url, path: new URL(request.url).pathname, token: named(request.headers.get('Authorization')), init };
    calls.push(call);
    const answered = await answer(call, calls.length);
    if (answered instanceof Error) throw answered;
    return answered;
  };
}

function same(found, expected) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${a}, not ${b}`);
}

const paths = () => calls.map(({ path }) => path);
const changes = (client) => {
  const seen = [];
  client.onChange((change) => seen.push(change));
  return seen;
};
const refused = (promise) => promise.then(() => { throw new Error('it was not refused'); }, (error) => error);
/** Waits until tabs have heard of each other. */
const until = async (isSo) => {
  for (let n = 0; n < 1000 && !isSo(); n++) await nextTask();
};
/** A turn of the channel between tabs. */
const nextTask = () => new Promise((done) => {
  const [a, b] = [new BroadcastChannel('turn'), new BroadcastChannel('turn')];
  b.onmessage = () => { a.close(); b.close(); done(); };
  a.postMessage(null);
});

async function withoutLocks(act) {
  Object.defineProperty(navigator, 'locks', { value: undefined, configurable: true });
  try {
    await act();
  } finally {
    delete navigator.locks;
  }
}

const checks = {
  async 'the token goes to the service and the origins named, and to no other'() {
    const baseUrl = base();
    serve(({ path }) => (path === '/api/refresh_all' ? pair('t1') : json(200, {})));
    const client = createClient({ baseUrl, origins: ['https://api.example/v1'] });
    for (const url of [`${baseUrl}/x`, 'https://api.example/y', 'https://api.example.evil.example/z', 'https://evil.example/?https://api.example', 'http://api.example/'])
      await client.fetch(url);
    same(calls.slice(1).map(({ token }) => token), ['t1', 't1', null, null, null]);
  },

  async 'many calls at once renew once'() {
    serve(({ path }) => (path === '/api/refresh_all' ? pair('t1') : json(200, {})));
    const client = createClient({ baseUrl: base() });
    await Promise.all(Array.from({ length: 20 }, () => client.token()));
    same(paths(), ['/api/refresh_all']);
  },

  async 'without Web Locks as well, in one tab'() {
    serve(({ path }) => (path === '/api/refresh_all' ? pair('t1') : json(200, {})));
    const client = createClient({ baseUrl: base() });
    await withoutLocks(() => Promise.all(Array.from({ length: 20 }, () => client.token())));
    same(paths(), ['/api/refresh_all']);
  },

  async 'a token is renewed shortly before its end, by the clock of this browser alone'() {
    let n = 0;
    serve(() => pair(`t${++n}`, 300));
    const client = createClient({ baseUrl: base() });
    same(named(await client.token()), 't1');
    now += 279_000;
    same(named(await client.token()), 't1');
    now += 2_000;
    same(named(await client.token()), 't2');
    // Asleep for a day.
    now += 86_400_000;
    same(named(await client.token()), 't3');
  },

  async 'a refused token is renewed, and the call repeated once'() {
    let n = 0;
    serve(({ path, token }) => (path === '/api/refresh_all' ? pair(`t${++n}`) : token === 't1' ? json(401, {}) : json(200, { ok: true })));
    const client = createClient({ baseUrl: base() });
    const response = await client.fetch(`https://id${count}.example/orders`, { method: 'POST', body: '{"a":1}' });
    same([response.status, paths()], [200, ['/api/refresh_all', '/orders', '/api/refresh_all', '/orders']]);
    same(calls[3].init.body, '{"a":1}');
  },

  async 'one that is refused again is not sent a third time'() {
    serve(({ path }) => (path === '/api/refresh_all' ? pair(`t${calls.length}`) : json(401, {})));
    const client = createClient({ baseUrl: base() });
    const response = await client.fetch(`https://id${count}.example/orders`);
    same([response.status, paths()], [401, ['/api/refresh_all', '/orders', '/api/refresh_all', '/orders']]);
  },

  async 'uploads and streams are never sent twice'() {
    serve(({ path }) => (path === '/api/refresh_all' ? pair(`t${calls.length}`) : json(401, {})));
    const client = createClient({ baseUrl: base() });
    const url = `https://id${count}.example/upload`;
    const form = new FormData();
    form.set('file', new Blob(['x']));
    const stream = new ReadableStream({ start(controller) { controller.close(); } });
    for (const request of [
      [url, { method: 'POST', body: form }], [url, { method: 'POST', body: new Blob(['x']) }], [url, { method: 'POST', body: new Uint8Array(1) }],
      [url, { method: 'POST', body: stream, duplex: 'half' }], [new Request(url, { method: 'POST', body: 'x' })],
    ]) {
      calls = [];
      same([(await client.fetch(...request)).status, paths().filter((path) => path === '/upload').length], [401, 1]);
    }
  },

  async 'a lost response is requested again'() {
    serve((_, n) => (n < 3 ? new TypeError('lost') : n === 3 ? json(503, {}) : pair('t1')));
    const client = createClient({ baseUrl: base() });
    same([named(await client.token()), paths().length], ['t1', 4]);
  },

  async 'a truncated response counts as lost'() {
    serve((_, n) => (n === 1 ? new Response('{"token":"t') : pair('t1')));
    same(named(await createClient({ baseUrl: base() }).token()), 't1');
  },

  async 'without an answer it gives up, says so, and signs nobody out'() {
    serve(() => new TypeError('lost'));
    const client = createClient({ baseUrl: base() });
    const seen = changes(client);
    await refused(client.token());
    same([paths().length, seen], [4, []]);
    serve(() => pair('t1'));
    same([named(await client.token()), seen], ['t1', [{ signedIn: true, reason: null }]]);
  },

  async 'the end of a session is reported once in each tab, with the reason'() {
    const baseUrl = base();
    serve((_, n) => (n === 1 ? pair('t1') : ended('revoked_by_user')));
    const [one, other] = [createClient({ baseUrl }), createClient({ baseUrl })];
    const [seen, seenByOther] = [changes(one), changes(other)];
    await one.token();
    await until(() => seenByOther.length === 1);
    now += 300_000;
    await Promise.all([one.token(), other.token()]);
    await until(() => seen.length + seenByOther.length === 4);
    await nextTask();
    await one.token();
    const expected = [{ signedIn: true, reason: null }, { signedIn: false, reason: 'revoked_by_user' }];
    same([seen, seenByOther], [expected, expected]);
  },

  async 'and where both find out, without Web Locks'() {
    const baseUrl = base();
    let both;
    const asked = new Promise((done) => { both = done; });
    serve(async (_, n) => {
      if (n === 1) return pair('t1');
      if (n === 3) both();
      await asked;
      return ended('idle');
    });
    const [one, other] = [createClient({ baseUrl }), createClient({ baseUrl })];
    const [seen, seenByOther] = [changes(one), changes(other)];
    await one.token();
    await until(() => seenByOther.length === 1);
    now += 300_000;
    await withoutLocks(() => Promise.all([one.token(), other.token()]));
    await until(() => seen.length + seenByOther.length === 4);
    await nextTask();
    const expected = [{ signedIn: true, reason: null }, { signedIn: false, reason: 'idle' }];
    same([seen, seenByOther, paths().length], [expected, expected, 3]);
  },

  async 'a page opened with a revoked session learns why'() {
    serve(() => ended('reuse'));
    let client = createClient({ baseUrl: base() });
    let seen = changes(client);
    same([await client.token(), seen], [null, [{ signedIn: false, reason: 'reuse' }]]);
    serve(() => json(401, { status: 401, code: 'refresh_missing' }));
    client = createClient({ baseUrl: base() });
    seen = changes(client);
    same([await client.token(), await client.user(), seen], [null, null, [{ signedIn: false, reason: null }]]);
  },

  async 'one tab has the token that another got'() {
    const baseUrl = base();
    serve(() => pair('t1'));
    const [one, other] = [createClient({ baseUrl }), createClient({ baseUrl })];
    const seen = changes(other);
    await one.token();
    await until(() => seen.length);
    same([named(await other.token()), paths().length], ['t1', 1]);
  },

  async 'a sign-in as another user is reported in all tabs'() {
    const baseUrl = base();
    serve((_, n) => pair(`t${n}`, 300, `s${n}`));
    const [one, other] = [createClient({ baseUrl }), createClient({ baseUrl })];
    const seen = changes(other);
    await one.token();
    await until(() => seen.length === 1);
    await one.login({ email: 'bob@example.org', password: 'x' });
    await until(() => seen.length === 2);
    const signedIn = { signedIn: true, reason: null };
    same([named(await other.token()), seen], ['t2', [signedIn, signedIn]]);
  },

  async 'so is one that another page made, at the next renewal'() {
    serve((_, n) => pair(`t${n}`, 300, n < 3 ? 's1' : 's2'));
    const client = createClient({ baseUrl: base() });
    const seen = changes(client);
    await client.token();
    now += 300_000;
    await client.token();
    now += 300_000;
    same([named(await client.token()), seen], ['t3', [{ signedIn: true, reason: null }, { signedIn: true, reason: null }]]);
  },

  async 'a call is never repeated as another user'() {
    serve(({ path }, n) => (path === '/api/refresh_all' ? pair(`t${n}`, 300, `s${n}`) : json(401, {})));
    const client = createClient({ baseUrl: base() });
    const response = await client.fetch(`https://id${count}.example/orders`, { method: 'POST', body: 'mine' });
    same([response.status, paths()], [401, ['/api/refresh_all', '/orders', '/api/refresh_all']]);
  },

  async 'a sign-in by other means is adopted on request'() {
    let cookie = false;
    serve(() => (cookie ? pair('t1') : json(401, { status: 401, code: 'refresh_missing' })));
    const client = createClient({ baseUrl: base() });
    const seen = changes(client);
    same(await client.token(), null);
    cookie = true;
    same([await client.token(), named(await client.renew())], [null, 't1']);
    same(seen, [{ signedIn: false, reason: null }, { signedIn: true, reason: null }]);
  },

  async 'a refusal from another server signs nobody out'() {
    serve((_, n) => (n === 1 ? pair('t1') : n < 4 ? new Response('<h1>Who are you?</h1>', { status: 401 }) : pair('t2')));
    const client = createClient({ baseUrl: base() });
    const seen = changes(client);
    await client.token();
    now += 300_000;
    same([named(await client.token()), seen.length], ['t2', 1]);
  },

  async 'a refusal that arrives during a sign-in does not undo it'() {
    let refuse;
    const order = [];
    serve(({ path }) => {
      order.push(path);
      return path === '/api/login' ? pair('t2', 300, 's2') : new Promise((done) => { refuse = () => done(ended('logout')); });
    });
    const client = createClient({ baseUrl: base() });
    const late = client.token();
    while (!refuse) await nextTask();
    const login = client.login({ email: 'ann@example.org', password: 'x' });
    refuse();
    await Promise.all([late, login]);
    same([named(await client.token()), order], ['t2', ['/api/refresh_all', '/api/login']]);
  },

  async 'without Web Locks a late refusal does not end a newer sign-in either'() {
    await withoutLocks(async () => {
      let refuse;
      serve(({ path }) => (path === '/api/login' ? pair('t2', 300, 's2') : new Promise((done) => { refuse = () => done(ended('logout')); })));
      const client = createClient({ baseUrl: base() });
      const late = client.token();
      while (!refuse) await nextTask();
      await client.login({ email: 'ann@example.org', password: 'x' });
      refuse();
      same([named(await late), named(await client.token())], ['t2', 't2']);
    });
  },

  async 'waiting for a lock that is never released ends'() {
    serve(() => pair('t1'));
    const baseUrl = base();
    const client = createClient({ baseUrl });
    const realSignal = AbortSignal.timeout;
    AbortSignal.timeout = (ms) => realSignal.call(AbortSignal, Math.min(ms, 100));
    try {
      let give;
      navigator.locks.request(`symbolon ${baseUrl}/`, () => new Promise((done) => { give = done; }));
      same(named(await client.token()), 't1');
      give();
    } finally {
      AbortSignal.timeout = realSignal;
    }
  },

  async 'a relative URL is resolved as the browser does'() {
    serve(({ path }) => (path === '/api/refresh_all' ? pair('t1') : json(200, {})));
    const client = createClient();
    // As with a <base>, which the policy of this page forbids.
    Object.defineProperty(document, 'baseURI', { value: 'https://evil.example/', configurable: true });
    try {
      await client.fetch('orders');
      const frame = document.body.appendChild(document.createElement('iframe'));
      await client.fetch(new frame.contentWindow.Request('https://evil.example/steal'));
      frame.remove();
    } finally {
      delete document.baseURI;
    }
    same(calls.map(({ url, token }) => [url, token]), [['https://evil.example/orders', null], ['https://evil.example/steal', null]]);
  },

  async 'a failing listener and a foreign message do no harm'() {
    const baseUrl = base();
    serve(() => pair('t1'));
    const client = createClient({ baseUrl });
    const realReport = window.reportError;
    const reported = [];
    window.reportError = (error) => reported.push(error.message);
    client.onChange(() => { throw new Error('mine'); });
    const seen = changes(client);
    await client.token();
    const channel = new BroadcastChannel(`symbolon ${baseUrl}/`);
    for (const message of [undefined, null, {}, { access: null }, 'x']) channel.postMessage(message);
    channel.close();
    await nextTask();
    window.reportError = realReport;
    same([named(await client.token()), seen.length, reported], ['t1', 1, ['mine']]);
  },

  async 'what the service refuses is an error with its code'() {
    serve(() => json(401, { status: 401, code: 'invalid_credentials', title: 'Email or password is wrong' }));
    const error = await refused(createClient({ baseUrl: base() }).login({ email: 'a', password: 'b' }));
    same([error instanceof SymbolonError, error.name, error.status, error.code, error.message], [true, 'SymbolonError', 401, 'invalid_credentials', 'Email or password is wrong']);
  },

  async 'all pages of sessions are listed'() {
    serve(({ path, url }) => (path === '/api/refresh_all' ? pair('t1') : url.endsWith('before=b') ? json(200, { sessions: [{ id: 'c' }] }) : json(200, { sessions: [{ id: 'a' }, { id: 'b' }], next: 'b' })));
    same((await createClient({ baseUrl: base() }).sessions()).map(({ id }) => id), ['a', 'b', 'c']);
  },

  async 'nothing is kept where another script or a thief of the disk would look'() {
    serve(() => pair('t1'));
    await createClient({ baseUrl: base() }).token();
    same([localStorage.length, sessionStorage.length, document.cookie], [0, 0, '']);
  },
};

const failures = [];
for (const [name, check] of Object.entries(checks)) {
  Date.now = () => now;
  // Waiting between attempts is not what is looked at.
  const realTimeout = window.setTimeout;
  window.setTimeout = (done, ms) => realTimeout(done, Math.min(ms, 1));
  try {
    await check();
  } catch (error) {
    failures.push(`${name}: ${error.stack}`);
  }
  Object.assign(window, { fetch: realFetch, setTimeout: realTimeout });
  Date.now = realNow;
}
return failures;
