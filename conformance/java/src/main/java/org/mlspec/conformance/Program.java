package org.mlspec.conformance;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.mlspec.conformance.v1.Request;
import org.mlspec.conformance.v1.Response;

/** Answers each request on standard input with one response on standard output. */
public final class Program {
  private Program() {}

  /** Runs until standard input ends. */
  public static void main(String[] arguments) throws IOException {
    InputStream in = new BufferedInputStream(System.in);
    OutputStream out = new BufferedOutputStream(System.out);
    System.setOut(System.err); // Whatever a library prints must not get between responses.
    for (Request request = Request.parseDelimitedFrom(in);
        request != null;
        request = Request.parseDelimitedFrom(in)) {
      answer(request).setCaseId(request.getCaseId()).build().writeDelimitedTo(out);
      out.flush();
    }
  }

  private static Response.Builder answer(Request request) {
    try {
      return switch (request.getTaskCase()) {
        case CONVERT -> Tasks.convert(request.getConvert());
        case SEAL -> Tasks.seal(request.getSeal());
        case VERIFY -> Tasks.verify(request.getVerify());
        case TASK_NOT_SET -> Response.newBuilder().setUnsupported("a task of a newer kit");
      };
    } catch (RuntimeException | StackOverflowError error) {
      return Response.newBuilder().setFailure(error.toString());
    }
  }
}
