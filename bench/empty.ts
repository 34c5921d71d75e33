/**
 * Owns nothing: an empty program, whose start shows what of a short run is the runtime's own.
 *
 * @module
 */
export {};
