// The client in Node.js, against a fake service: `node --test clients/js/test.mjs`.
// The tests in Chromium are in crates/symbolon/tests/browser.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { createClient, SymbolonError } from './symbolon.js';

const baseUrl = 'https://id.example.org';

/** Replaces a property until the end of the test. */
function replace(object, name, value) {
  const before = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { value, configurable: true, writable: true });
  undo.push(() => (before ? Object.defineProperty(object, name, before) : delete object[name]));
}
const undo = [];
afterEach(() => {
  while (undo.length) undo.pop()();
});

const json = (status, body, headers) => new Response(JSON.stringify(body), { status, headers });
const problem = (status, code, more) => json(status, { status, code, ...more });
const pair = (name, sid = 's1') => json(200, { token: `${name}.${btoa(JSON.stringify({ sid }))}.`, token_type: 'Bearer', expires_in: 300 });
const named = (token) => token?.replace(/^Bearer /, '').split('.')[0];

/** A service with these answers by method and path; each is used for all calls. Returns the calls. */
function serve(answers) {
  const calls = [];
  replace(globalThis, 'fetch', async (url, { method, headers, body, ...init }) => {
    const call = `${method} ${url.pathname}${url.search}`;
    const request = { call, origin: url.origin, body: body && JSON.parse(body), bearer: named(headers.Authorization), ...init };
    calls.push(request);
    const answer = answers[call] ?? answers['*'];
    assert.ok(answer, `unexpected: ${call}`);
    return answer(request);
  });
  return calls;
}
const made = (calls) => calls.map(({ call }) => call);

/** Makes this a page, with other tabs: each client is one. Returns their channels. */
function page(href = 'https://app.example.org/inbox') {
  const channels = [];
  class Channel {
    constructor(name) {
      this.name = name;
      channels.push(this);
    }
    postMessage(message) {
      for (const other of channels) {
        const data = structuredClone(message);
        if (other !== this && other.name === this.name) queueMicrotask(() => other.onmessage({ data }));
      }
    }
  }
  const held = new Map();
  const request = (name, options, act) => {
    const done = Promise.resolve(held.get(name)).then(act);
    held.set(name, done.catch(() => {}));
    return done;
  };
  replace(globalThis, 'location', new URL(href));
  replace(globalThis, 'navigator', { locks: { request } });
  replace(globalThis, 'BroadcastChannel', Channel);
  return channels;
}

/** Lets everything happen that waits for nothing. */
const settled = () => new Promise(setImmediate);

function changes(client) {
  const seen = [];
  client.onChange((change) => seen.push(change));
  return seen;
}

const IN = { signedIn: true, reason: null };
const out = (reason = null) => ({ signedIn: false, reason });
const UNKNOWN = { signedIn: undefined, reason: null };

test('a client can be created on a server, with an absolute URL', () => {
  assert.equal(globalThis.location, undefined);
  assert.equal(globalThis.document, undefined);
  const calls = serve({});
  assert.deepEqual(createClient({ baseUrl, origins: ['https://api.example.org'] }).state, UNKNOWN);
  assert.deepEqual(calls, []);
  for (const options of [undefined, { baseUrl: '' }, { baseUrl: '/id' }, { baseUrl: 'id.example.org' }, { baseUrl: 'localhost:8000' }]) {
    assert.throws(() => createClient(options), { name: 'TypeError', message: /pass an absolute baseUrl, such as 'https:/ });
  }
});

test('on a server, clients have nothing in common', async () => {
  const shared = [];
  replace(globalThis, 'BroadcastChannel', class { constructor(name) { shared.push(name); } });
  replace(globalThis, 'navigator', { locks: { request: (name, options, act) => { shared.push(name); return act(); } } });
  serve({ 'POST /api/login': () => pair('t1'), 'POST /api/refresh_all': () => problem(401, 'refresh_missing') });
  const [one, other] = [createClient({ baseUrl }), createClient({ baseUrl })];
  await one.login({ email: 'ann@example.org', password: 'x' });
  assert.equal(named(await one.token()), 't1');
  assert.equal(await other.token(), null);
  assert.deepEqual(shared, []);
});

test('in a page, a relative URL is enough', async () => {
  page();
  const calls = serve({ 'POST /api/refresh_all': () => pair('t1'), 'POST /id/api/refresh_all': () => pair('t1') });
  await createClient().token();
  await createClient({ baseUrl: '/id' }).token();
  assert.deepEqual(made(calls), ['POST /api/refresh_all', 'POST /id/api/refresh_all']);
  assert.equal(calls[0].origin, 'https://app.example.org');
});

test('token can be passed as a callback', async () => {
  serve({ '*': () => pair('t1') });
  assert.equal(named(await Promise.resolve('a value').then(createClient({ baseUrl }).token)), 't1');
});

test('an anonymous client starts signed out, without a request', async () => {
  const calls = serve({});
  const client = createClient({ baseUrl, anonymous: true });
  const seen = changes(client);
  assert.deepEqual(client.state, out());
  assert.equal(await client.token(), null);
  assert.equal(await client.user(), null);
  assert.deepEqual([calls, seen], [[], [out()]]);
});

test('an anonymous client learns of a sign-in in another tab', async () => {
  page();
  const calls = serve({ 'POST /api/login': () => pair('t1') });
  const client = createClient({ baseUrl, anonymous: true });
  const seen = changes(client);
  await createClient({ baseUrl }).login({ email: 'ann@example.org', password: 'x' });
  await settled();
  assert.equal(named(await client.token()), 't1');
  assert.deepEqual([made(calls), seen, client.state], [['POST /api/login'], [out(), IN], IN]);
});

test('an anonymous client renews when told to', async () => {
  serve({ 'POST /api/refresh_all': () => pair('t1') });
  const client = createClient({ baseUrl, anonymous: true });
  assert.equal(named(await client.renew()), 't1');
  assert.deepEqual(client.state, IN);
});

test('the state is unknown until a call determines it', async () => {
  serve({ 'POST /api/refresh_all': () => problem(401, 'session_revoked', { reason: 'idle' }) });
  const client = createClient({ baseUrl });
  const seen = changes(client);
  await settled();
  assert.deepEqual([client.state, seen], [UNKNOWN, []]);
  await client.token();
  assert.deepEqual([client.state, seen], [out('idle'), [out('idle')]]);
});

test('the state is the same object until it changes', async () => {
  serve({ '*': () => pair('t1') });
  const client = createClient({ baseUrl });
  const unknown = client.state;
  assert.equal(client.state, unknown);
  await client.token();
  const signedIn = client.state;
  await client.renew();
  assert.equal(client.state, signedIn);
  await client.logout();
  assert.notEqual(client.state, signedIn);
});

test('a late listener is called with the current state, but not at once', async () => {
  serve({ '*': () => pair('t1') });
  const client = createClient({ baseUrl });
  await client.token();
  const seen = changes(client);
  assert.deepEqual(seen, []);
  await settled();
  assert.deepEqual(seen, [IN]);
  await client.logout();
  await settled();
  assert.deepEqual(seen, [IN, out('logout')]);
});

test('a late listener is not called twice if the state changes first', async () => {
  const channels = page();
  const client = createClient({ baseUrl, anonymous: true });
  const seen = changes(client);
  channels[0].onmessage({ data: { v: 1, next: { token: 't', sid: 's1', until: Infinity } } });
  await settled();
  assert.deepEqual(seen, [IN]);
});

test('a late listener that is removed at once is not called', async () => {
  const client = createClient({ baseUrl, anonymous: true });
  const seen = [];
  const remove = client.onChange((change) => seen.push(change));
  remove();
  await settled();
  assert.deepEqual(seen, []);
});

test('a listener that a listener adds is called after the others', async () => {
  const channels = page();
  const client = createClient({ baseUrl });
  const order = [];
  client.onChange(() => {
    order.push('first begins');
    client.onChange(() => order.push('second'));
    order.push('first ends');
  });
  client.onChange(() => order.push('other'));
  await settled();
  channels[0].onmessage({ data: { v: 1, next: null, reason: 'logout' } });
  assert.deepEqual(order, ['first begins', 'first ends', 'other']);
  await settled();
  assert.deepEqual(order, ['first begins', 'first ends', 'other', 'second']);
});

test('a listener that another removes is not called', async () => {
  serve({ '*': () => pair('t1') });
  const client = createClient({ baseUrl });
  const seen = [];
  client.onChange(() => remove());
  const remove = client.onChange((change) => seen.push(change));
  await client.token();
  await settled();
  assert.deepEqual(seen, []);
});

test('tabs exchange messages of version 1', async () => {
  const channels = page();
  serve({ '*': () => pair('t1') });
  const client = createClient({ baseUrl });
  const heard = [];
  const other = new BroadcastChannel(channels[0].name);
  other.onmessage = ({ data }) => heard.push(data);
  await client.login({ email: 'ann@example.org', password: 'x' });
  await client.logout();
  await settled();
  assert.equal(other.name, 'symbolon https://id.example.org/');
  const [{ next, ...signedIn }, signedOut] = heard;
  assert.deepEqual([signedIn, Object.keys(next)], [{ v: 1 }, ['token', 'sid', 'until']]);
  assert.deepEqual(signedOut, { v: 1, next: null, reason: 'logout' });
});

const user = { id: 'u1', name: 'Ann', email: 'ann@example.org', email_verified: true, locale: 'en' };
const moving = { ...user, pending_email: 'ann@new.example' };
const verified = { email: user.email, email_verified: true };
const link = { kind: 'sign_in', email: user.email, return_to: 'https://app.example.org/', code: '12345678', expires_at: '2027-01-15T08:00:00Z' };
const events = { events: [{ id: 'e1', at: '2027-01-15T08:00:00Z', kind: 'sign_in', outcome: 'done' }], next: 'e1' };
const returnTo = 'https://app.example.org/';
const sent = [202, { message: 'sent' }];

/** What a caller writes; what is sent, with the token or without; the answer; what the caller gets. */
const CALLS = [
  ['register', [{ name: 'Ann', email: 'a', password: 'p', return_to: returnTo }], 'POST /api/register', { name: 'Ann', email: 'a', password: 'p', return_to: returnTo }, false, [201, user], user],
  ['forgotPassword', ['a'], 'POST /api/password/forgot', { email: 'a' }, false, sent, undefined],
  ['forgotPassword', ['a', { returnTo }], 'POST /api/password/forgot', { email: 'a', return_to: returnTo }, false, sent, undefined],
  ['resetPassword', [{ token: 't', password: 'p' }], 'POST /api/password/set', { token: 't', new: 'p' }, false, [200, { revoked: 3 }], 3],
  ['resetPassword', [{ email: 'a', code: '1', password: 'p' }], 'POST /api/password/set', { email: 'a', code: '1', new: 'p' }, false, [200, { revoked: 0 }], 0],
  ['verifyEmail', [{ token: 't' }], 'POST /api/email/verify', { token: 't' }, false, [200, verified], verified],
  ['verifyEmail', [{ email: 'a', code: '1' }], 'POST /api/email/verify', { email: 'a', code: '1' }, false, [200, verified], verified],
  ['verifyEmail', [{ code: '1' }], 'POST /api/email/verify', { code: '1' }, true, [200, verified], verified],
  ['sendVerification', [], 'POST /api/email/verify/send', undefined, true, sent, undefined],
  ['sendLoginCode', ['a'], 'POST /api/login/code', { email: 'a' }, false, sent, undefined],
  ['sendLoginCode', ['a', { returnTo }], 'POST /api/login/code', { email: 'a', return_to: returnTo }, false, sent, undefined],
  ['readLink', ['t'], 'POST /api/link', { token: 't' }, false, [200, link], link],
  ['acceptInvitation', [{ token: 't', name: 'Ann', password: 'p' }], 'POST /api/invitation/accept', { token: 't', name: 'Ann', password: 'p' }, false, [200, user], user],
  ['undoEmailChange', ['t'], 'POST /api/email/change/undo', { token: 't' }, false, [200, { email: 'a' }], { email: 'a' }],
  ['updateProfile', [{ name: 'Ann' }], 'PATCH /api/me', { name: 'Ann' }, true, [200, user], user],
  ['updateProfile', [{ email: 'b', password: 'p' }], 'PATCH /api/me', { email: 'b', password: 'p' }, true, [202, moving], moving],
  ['events', [], 'GET /api/events', undefined, true, [200, events], events],
  ['events', [{ before: 'a/b' }], 'GET /api/events?before=a%2Fb', undefined, true, [200, events], events],
];

for (const [name, args, call, body, isAuthorized, answer, result] of CALLS) {
  test(`${name}(${args.map((arg) => JSON.stringify(arg))})`, async () => {
    const calls = serve({ 'POST /api/refresh_all': () => pair('t1'), [call]: () => json(...answer) });
    const client = createClient({ baseUrl });
    await client.token();
    const signedIn = client.state;
    assert.deepEqual(await client[name](...args), result);
    assert.equal(calls.length, 2);
    const { credentials, bearer, ...made } = calls[1];
    assert.deepEqual([made.call, made.body, bearer], [call, body, isAuthorized ? 't1' : undefined]);
    assert.equal(credentials, 'include');
    assert.equal(client.state, signedIn);
  });

  if (isAuthorized) continue;
  test(`${name}(${args.map((arg) => JSON.stringify(arg))}), when it is not known whether a user is signed in`, async () => {
    const calls = serve({ [call]: () => json(...answer) });
    await createClient({ baseUrl })[name](...args);
    assert.deepEqual(made(calls), [call]);
  });
}

for (const proof of [{ code: '12345678' }, { token: 't' }]) {
  test(`loginWithCode(${JSON.stringify(proof)}) signs in, in all tabs`, async () => {
    page();
    const calls = serve({ 'POST /api/login/code/verify': () => pair('t1') });
    const [one, other] = [createClient({ baseUrl }), createClient({ baseUrl })];
    const [seen, seenByOther] = [changes(one), changes(other)];
    assert.equal(await one.loginWithCode(proof), undefined);
    await settled();
    assert.deepEqual([seen, seenByOther], [[IN], [IN]]);
    assert.equal(named(await other.token()), 't1');
    assert.deepEqual(calls.map(({ body, bearer }) => [body, bearer]), [[proof, undefined]]);
  });
}

test('loginWithCode waits for the lock, as login does', async () => {
  page();
  const calls = serve({ 'POST /api/login/code/verify': () => pair('t1') });
  const client = createClient({ baseUrl });
  let release;
  navigator.locks.request('symbolon https://id.example.org/', {}, () => new Promise((done) => { release = done; }));
  const login = client.loginWithCode({ code: '12345678' });
  await settled();
  assert.deepEqual(calls, []);
  release();
  await login;
  assert.deepEqual(client.state, IN);
});

test('a link that is opened in another browser signs nobody in', async () => {
  serve({ 'POST /api/login/code/verify': () => problem(403, 'other_browser') });
  const client = createClient({ baseUrl });
  await assert.rejects(client.loginWithCode({ token: 't' }), { name: 'SymbolonError', status: 403, code: 'other_browser' });
  assert.deepEqual(client.state, UNKNOWN);
});

test('deleteAccount signs out, in all tabs', async () => {
  page();
  const calls = serve({ 'POST /api/refresh_all': () => pair('t1'), 'POST /api/me/delete': () => json(200, { message: 'success' }) });
  const [one, other] = [createClient({ baseUrl }), createClient({ baseUrl })];
  const [seen, seenByOther] = [changes(one), changes(other)];
  assert.equal(await one.deleteAccount('p'), undefined);
  await settled();
  assert.deepEqual([seen, seenByOther], [[IN, out('account_deleted')], [IN, out('account_deleted')]]);
  assert.deepEqual(made(calls), ['POST /api/refresh_all', 'POST /api/me/delete']);
  assert.deepEqual([calls[1].body, calls[1].bearer], [{ password: 'p' }, 't1']);
});

test('deleteAccount renews a refused token, although it holds the lock', async () => {
  page();
  let renewals = 0;
  const calls = serve({
    'POST /api/refresh_all': () => pair(`t${++renewals}`),
    'POST /api/me/delete': ({ bearer }) => (bearer === 't1' ? problem(401, 'token_outdated') : json(200, { message: 'success' })),
  });
  const client = createClient({ baseUrl });
  await client.token();
  await client.deleteAccount('p');
  assert.deepEqual(made(calls), ['POST /api/refresh_all', 'POST /api/me/delete', 'POST /api/refresh_all', 'POST /api/me/delete']);
  assert.deepEqual(client.state, out('account_deleted'));
});

test('a renewal that waits for deleteAccount is not made', async () => {
  page();
  let finish;
  const calls = serve({
    'POST /api/refresh_all': () => pair('t1'),
    'POST /api/me/delete': () => new Promise((done) => { finish = () => done(json(200, { message: 'success' })); }),
  });
  const client = createClient({ baseUrl });
  await client.token();
  const deletion = client.deleteAccount('p');
  await settled();
  const renewal = client.renew();
  finish();
  await deletion;
  assert.equal(await renewal, null);
  assert.deepEqual(made(calls), ['POST /api/refresh_all', 'POST /api/me/delete']);
});

test('deleteAccount with a wrong password changes nothing', async () => {
  const errors = [{ field: 'password', detail: 'is wrong' }];
  serve({ 'POST /api/refresh_all': () => pair('t1'), 'POST /api/me/delete': () => problem(422, 'validation_failed', { errors }) });
  const client = createClient({ baseUrl });
  await assert.rejects(client.deleteAccount('p'), { status: 422, errors });
  assert.deepEqual(client.state, IN);
});

test('an error has the seconds of Retry-After', async () => {
  for (const [header, seconds] of [['120', 120], ['0', 0], [undefined, undefined], ['Fri, 15 Jan 2027 08:00:00 GMT', undefined]]) {
    serve({ '*': () => json(429, { status: 429, code: 'rate_limited', detail: 'Try later.' }, header && { 'Retry-After': header }) });
    const error = await createClient({ baseUrl }).forgotPassword('a').catch((error) => error);
    assert.ok(error instanceof SymbolonError);
    assert.deepEqual([error.code, error.message, error.retryAfter], ['rate_limited', 'Try later.', seconds]);
  }
});

test('so has one of a proxy, without a problem document', async () => {
  serve({ '*': () => new Response('<h1>Busy</h1>', { status: 503, headers: { 'Retry-After': '5' } }) });
  await assert.rejects(createClient({ baseUrl }).forgotPassword('a'), { name: 'SymbolonError', status: 503, retryAfter: 5 });
});

test('without AbortSignal.timeout, a call still times out', async (t) => {
  replace(AbortSignal, 'timeout', undefined);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  serve({ '*': ({ signal }) => new Promise((_, refuse) => signal.addEventListener('abort', () => refuse(signal.reason))) });
  let error;
  createClient({ baseUrl }).forgotPassword('a').catch((reason) => { error = reason; });
  t.mock.timers.tick(39_999);
  await settled();
  assert.equal(error, undefined);
  t.mock.timers.tick(1);
  await settled();
  assert.equal(error?.name, 'AbortError');
});

test('the oldest browsers of the README have all that is needed', async (t) => {
  page();
  // Without Object.hasOwn, which the Response of Node.js needs.
  const missing = [
    [globalThis, ['BroadcastChannel', 'reportError', 'structuredClone']], [navigator, ['locks']], [AbortSignal, ['any', 'timeout']],
    [Object, ['groupBy']], [Array, ['fromAsync']], [Array.prototype, ['at', 'findLast', 'toReversed', 'toSorted', 'with']],
    [String.prototype, ['at', 'replaceAll']], [Promise, ['any', 'withResolvers', 'try']], [URL, ['canParse', 'parse']],
  ];
  for (const [object, names] of missing) for (const name of names) replace(object, name, undefined);
  const printed = t.mock.method(console, 'error', () => {});
  t.mock.timers.enable({ apis: ['setTimeout'] });
  serve({ 'GET /api/sessions': () => json(200, { sessions: [] }), '*': () => pair('t1') });
  const client = createClient({ baseUrl });
  const mistake = new Error('of a listener');
  client.onChange(() => { throw mistake; });
  const seen = changes(client);
  await client.login({ email: 'ann@example.org', password: 'x' });
  assert.equal(named(await client.renew()), 't1');
  assert.deepEqual(await client.sessions(), []);
  await client.deleteAccount('p');
  assert.deepEqual(seen, [IN, out('account_deleted')]);
  assert.deepEqual(printed.mock.calls.map((call) => call.arguments), [[mistake], [mistake]]);
});
