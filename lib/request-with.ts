/**
 * A `Request` whose `signal` is the given one. A plain `new Request(url, { signal })` makes a signal of its own that
 * Node ties to the given one only while the request itself is reachable: whoever keeps nothing but `request.signal`
 * would never hear of an abort after the next garbage collection.
 */
export function requestWith(signal: AbortSignal, url: string | URL, init: RequestInit): Request {
  const request = new Request(url, { ...init, signal, ...(init.body && { duplex: 'half' }) });
  return Object.defineProperty(request, 'signal', { value: signal });
}
