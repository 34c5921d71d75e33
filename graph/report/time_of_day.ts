/**
 * Owns how a time of day is shown. It comes from `Intl`, not `Date`, since graph/ has no clock; that costs 10 ms, where one
 * is printed.
 *
 * @module
 */

/** Unix seconds to `YYYY-MM-DD HH:MM:SS`, in local time or that of a zone. Making one is dear, using it is not. */
export function timeFormat(timeZone?: string): (unixSeconds: number) => string {
  const format = new Intl.DateTimeFormat("en-u-ca-gregory-nu-latn", {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZone,
  });
  return (unixSeconds) => {
    const parts = new Map(format.formatToParts(unixSeconds * 1000).map(({ type, value }) => [type, value]));
    const date = ["year", "month", "day"] as const;
    const time = ["hour", "minute", "second"] as const;
    return `${date.map((part) => parts.get(part)).join("-")} ${time.map((part) => parts.get(part)).join(":")}`;
  };
}
