/**
 * Owns a function that computes and does nothing else, so that it can be run in one thread or in several.
 *
 * @module
 */

/** Counts primes by the slowest of all ways; about a second's work. */
export function countPrimes(): number {
  let primes = 0;
  for (let candidate = 2; candidate < 80_000; candidate++) {
    let isPrime = true;
    for (let divisor = 2; divisor < candidate; divisor++) {
      if (candidate % divisor === 0) {
        isPrime = false;
        break;
      }
    }
    if (isPrime) primes++;
  }
  return primes;
}
