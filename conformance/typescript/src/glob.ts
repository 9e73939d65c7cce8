/**
 * Tells whether a name is as a glob says, in which `*` stands for any characters and nothing else is special.
 *
 * No regular expression: with many stars it would take time without end.
 */
export function matches(glob: string, name: string): boolean {
  const [first = "", ...others] = glob.split("*");
  const last = others.pop();
  if (last === undefined) {
    return name === glob;
  }
  let [start, end] = [first.length, name.length - last.length];
  if (start > end || !name.startsWith(first) || !name.endsWith(last)) {
    return false;
  }
  for (const part of others) {
    const found = name.indexOf(part, start);
    if (found < 0) {
      return false;
    }
    start = found + part.length;
  }
  return start <= end;
}
