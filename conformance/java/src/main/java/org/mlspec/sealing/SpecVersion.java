package org.mlspec.sealing;

import java.math.BigInteger;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A version of the specification, ordered as Semantic Versioning 2.0.0 orders them (section 11).
 * Build metadata does not count.
 */
public final class SpecVersion implements Comparable<SpecVersion> {
  private static final int MAX_LENGTH = 64;
  private static final String NUMBER = "(0|[1-9][0-9]*)";
  private static final Pattern FORM =
      Pattern.compile(
          "%1$s[.]%1$s[.]%1$s(?:-([0-9A-Za-z.-]+))?(?:[+][0-9A-Za-z.-]+)?".formatted(NUMBER));
  private static final Pattern DIGITS = Pattern.compile("[0-9]+");
  // Numbers come before words, and are compared as numbers.
  private static final Comparator<String> IDENTIFIERS =
      Comparator.<String, Boolean>comparing(text -> !DIGITS.matcher(text).matches())
          .thenComparing(
              (a, b) ->
                  DIGITS.matcher(a).matches()
                      ? new BigInteger(a).compareTo(new BigInteger(b))
                      : a.compareTo(b));

  /** The version that this code knows. */
  public static final SpecVersion CURRENT = of("0.2.0");

  private final List<String> numbers;
  private final List<String> preRelease;

  private SpecVersion(List<String> numbers, List<String> preRelease) {
    this.numbers = numbers;
    this.preRelease = preRelease;
  }

  /**
   * Reads a version such as {@code 0.1.0} or {@code 1.0.0-rc.1}.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static SpecVersion of(String text) {
    Matcher found = FORM.matcher(text);
    if (text.length() > MAX_LENGTH || !found.matches()) {
      throw new IllegalArgumentException("must be a semantic version (got " + text + ")");
    }
    List<String> numbers = List.of(found.group(1), found.group(2), found.group(3));
    String rest = found.group(4);
    return new SpecVersion(numbers, rest == null ? List.of() : List.of(rest.split("[.]", -1)));
  }

  static SpecVersion parse(String text, String path) throws InvalidException {
    try {
      return of(text);
    } catch (IllegalArgumentException error) {
      throw new InvalidException(path + ": " + error.getMessage(), error);
    }
  }

  /** Tells whether this version is newer than {@code other}. */
  public boolean isNewerThan(SpecVersion other) {
    return compareTo(other) > 0;
  }

  @Override
  public int compareTo(SpecVersion other) {
    int order = compare(numbers, other.numbers);
    if (order != 0 || preRelease.isEmpty() || other.preRelease.isEmpty()) {
      return order != 0 ? order : Boolean.compare(preRelease.isEmpty(), other.preRelease.isEmpty());
    }
    return compare(preRelease, other.preRelease);
  }

  private static int compare(List<String> mine, List<String> others) {
    for (int index = 0; index < Math.min(mine.size(), others.size()); index++) {
      int order = IDENTIFIERS.compare(mine.get(index), others.get(index));
      if (order != 0) {
        return order;
      }
    }
    return Integer.compare(mine.size(), others.size());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SpecVersion version && compareTo(version) == 0;
  }

  @Override
  public int hashCode() {
    return numbers.hashCode();
  }
}
