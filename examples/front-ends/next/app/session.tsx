'use client';

import { useState, type ReactNode } from 'react';
import { createClient } from 'symbolon';
import { SymbolonProvider } from '../../react/symbolon';

// Rendered on the server too, where there is no page whose origin it could use. It makes no request there.
const baseUrl = typeof window === 'undefined' ? 'http://localhost' : location.origin;

/** If the server knows that nobody is signed in, the browser need not ask. */
export function Session({ anonymous, children }: { anonymous: boolean; children: ReactNode }) {
  const [client] = useState(() => createClient({ baseUrl, anonymous }));
  return <SymbolonProvider client={client}>{children}</SymbolonProvider>;
}
