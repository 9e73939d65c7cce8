package org.mlspec.sealing;

/**
 * A pattern for namespaces, in which {@code *} stands for any characters and nothing else is
 * special.
 */
final class Glob {
  private Glob() {}

  /** Tells whether {@code name} is as {@code glob} says, in time that no stars can blow up. */
  static boolean matches(String glob, String name) {
    String[] parts = glob.split("[*]", -1);
    String first = parts[0];
    String last = parts[parts.length - 1];
    if (parts.length == 1) {
      return name.equals(glob);
    }
    int start = first.length();
    int end = name.length() - last.length();
    if (start > end || !name.startsWith(first) || !name.endsWith(last)) {
      return false;
    }
    for (int index = 1; index < parts.length - 1; index++) {
      int found = name.indexOf(parts[index], start);
      start = found + parts[index].length();
      if (found < 0 || start > end) {
        return false;
      }
    }
    return true;
  }
}
