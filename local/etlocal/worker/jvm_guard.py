"""In a job's process: the JVM kept off AWS, whatever a script or a library in it asks.

Every name that a JVM looks up passes one object, Java 17's ``InetAddress.nameService``. It is put
behind one that knows no name of AWS, in whichever way it is asked: S3A, JDBC, an HTTP client. The
class is Java, as py4j's callbacks end with their process and the JVM serves more runs; the compiler
is the one that Spark generates its code with.

Sources: OpenJDK 17, ``java.base/java/net/InetAddress.java``; Janino, ``SimpleCompiler``.
"""

from __future__ import annotations

from string import Template
from typing import Any

from etlocal.addresses import AWS_DOMAINS

_NAME = "etlocal.NoAws"
_SOURCE = Template(
    """
package etlocal;

import java.lang.reflect.*;

public class NoAws implements InvocationHandler {
  private static final String[] ENDINGS = {$endings};
  private final Object before;

  private NoAws(Object before) { this.before = before; }

  static {
    try {
      Field field = java.net.InetAddress.class.getDeclaredField("nameService");
      field.setAccessible(true);
      Class[] service = {field.getType()};
      Object guard = Proxy.newProxyInstance(null, service, new NoAws(field.get(null)));
      field.set(null, guard);
    } catch (Exception error) {
      throw new IllegalStateException(error);
    }
  }

  public Object invoke(Object proxy, Method method, Object[] given) throws Throwable {
    if ("lookupAllHostAddr".equals(method.getName())) {
      String name = "." + String.valueOf(given[0]).toLowerCase();
      while (name.endsWith(".")) name = name.substring(0, name.length() - 1);
      for (int i = 0; i < ENDINGS.length; i++) {
        if (name.endsWith(ENDINGS[i]))
          throw new java.net.UnknownHostException(
            given[0] + " was not looked up: a local run does not reach AWS");
      }
    }
    method.setAccessible(true);
    try {
      return method.invoke(before, given);
    } catch (InvocationTargetException error) {
      throw error.getTargetException();
    }
  }
}
"""
)


def install(jvm: Any) -> None:
    """Have a JVM know no name of AWS from now on.

    Parameters
    ----------
    jvm : JVMView
        py4j's view of it.

    Raises
    ------
    py4j.protocol.Py4JError
        If it cannot be had: no run is taken then.
    """
    endings = ", ".join(f'".{domain}"' for domain in AWS_DOMAINS)
    compiler = jvm.org.codehaus.janino.SimpleCompiler()
    compiler.cook(_SOURCE.substitute(endings=endings))
    # A class that is made ready runs its static part, which is all there is to do.
    jvm.java.lang.Class.forName(_NAME, True, compiler.getClassLoader())
