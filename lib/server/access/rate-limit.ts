/** How many requests a client may make; the next one gets 429 with `retry-after`. */
export interface RateLimit {
  /** Requests per `interval`, for each token. */
  requests: number;
  /** Milliseconds. Default: 60,000. */
  interval?: number;
}

/**
 * Counts requests by key (a token bucket: a full one allows `requests` at once and refills evenly over `interval`).
 * @returns milliseconds until the next request is allowed; 0 when this one is.
 */
export function createRateLimiter(
  { requests, interval = 60_000 }: RateLimit,
  now: () => number = () => performance.now(),
): (key: number) => number {
  const buckets = new Map<number, { left: number; at: number }>();
  const perMillisecond = requests / interval;

  return key => {
    const at = now();
    const bucket = buckets.get(key) ?? { left: requests, at };
    const left = Math.min(requests, bucket.left + (at - bucket.at) * perMillisecond);
    const allowed = left >= 1;
    buckets.set(key, { left: allowed ? left - 1 : left, at });
    return allowed ? 0 : (1 - left) / perMillisecond;
  };
}
