/*
 * The main program of Hairline.app: becomes Node with the command line, which lie beside it. Opened in the Finder, without
 * a word, it shows Hairline's page. A script would do the same, but its signature lies in extended attributes, which a
 * zip loses.
 */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif

static int find_self(char *path, uint32_t size) {
#ifdef __APPLE__
  return _NSGetExecutablePath(path, &size);
#else
  /* For the tests, which run it on Linux. */
  ssize_t length = readlink("/proc/self/exe", path, size - 1);
  if (length < 0) return -1;
  path[length] = '\0';
  return 0;
#endif
}

int main(int argc, char **argv) {
  char found[PATH_MAX], folder[PATH_MAX], node[PATH_MAX + 64], script[PATH_MAX + 64];
  if (find_self(found, sizeof found) != 0 || realpath(found, folder) == NULL) {
    fprintf(stderr, "Hairline does not find its own folder.\n");
    return 1;
  }
  *strrchr(folder, '/') = '\0';
  snprintf(node, sizeof node, "%s/node", folder);
  snprintf(script, sizeof script, "%s/../Resources/app/server/cli/bin.mjs", folder);

  char **words = calloc((size_t)argc + 3, sizeof *words);
  if (words == NULL) return 1;
  words[0] = node;
  words[1] = script;
  if (argc > 1) memcpy(words + 2, argv + 1, (size_t)(argc - 1) * sizeof *words);
  else words[2] = "open";
  execv(node, words);
  perror(node);
  return 1;
}
