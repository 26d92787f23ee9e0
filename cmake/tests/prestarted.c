/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Preloaded into tshark by prestarted.py. tshark registers its protocols once, then forks a child for each run, with
 * the arguments of that run. Registering 200,000 fields takes up nearly all of tshark's start-up time, and depends only
 * on Wireshark, its plugins and the environment, which are the same for every run.
 *
 * Both run tshark's own main(). The parent stops in epan_init(), between registering protocols and reading
 * preferences; a child restarts main(), where wtap_init() and epan_init() have nothing left to do.
 *
 * MSTUN_PRESTARTED is the number of a socket. If that is connected, requests arrive over it. If it is only bound, tests
 * connect to its address, and each connection is served by a separate process.
 *
 * A request is the number of bytes that follow, with the files to use as standard output and standard error, then the
 * arguments, each with its final NUL. The answer is waitpid()'s status of the child.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ARGUMENTS 1000
#define FILES 2
#define MOST_WAITING 64
#define IDLE_MILLISECONDS (10 * 60 * 1000) /* then whoever should have ended us has been killed */

typedef int main_function_t(int argc, char **argv, char **environment);
typedef int start_function_t(main_function_t *main, int argc, char **argv, void (*init)(void), void (*fini)(void),
                             void (*rtld_fini)(void), void *stack_end);
typedef int epan_init_function_t(void *callback, void *client_data, int load_plugins);
typedef void wtap_init_function_t(int load_plugins);

static main_function_t *tshark_main;
static int requests = -1;
static int is_registered;

int __libc_start_main(main_function_t *main, int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void *stack_end);
int epan_init(void *callback, void *client_data, int load_plugins);
void wtap_init(int load_plugins);

/* What the next library would have called by this name. */
static void *next(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (!found) {
        abort();
    }
    return found;
}

int __libc_start_main(main_function_t *main, int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void *stack_end)
{
    const char *socket = getenv("MSTUN_PRESTARTED");

    if (socket) {
        tshark_main = main;
        requests = atoi(socket);
    }
    /* What tshark starts, and what it looks at, is as ever. */
    unsetenv("MSTUN_PRESTARTED");
    unsetenv("LD_PRELOAD");
    return ((start_function_t *)next("__libc_start_main"))(main, argc, argv, init, fini, rtld_fini, stack_end);
}

/* The length of the next request, and its files; 0 if nobody asks any more. */
static uint32_t receive_length(int files[FILES])
{
    uint32_t length;
    struct iovec iov = { &length, sizeof length };
    union {
        char space[CMSG_SPACE(FILES * sizeof(int))];
        struct cmsghdr alignment;
    } control;
    struct msghdr message = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
    };

    if (recvmsg(requests, &message, MSG_WAITALL) != sizeof length) {
        return 0;
    }
    const struct cmsghdr *sent = CMSG_FIRSTHDR(&message);

    if (!sent || sent->cmsg_type != SCM_RIGHTS || sent->cmsg_len != CMSG_LEN(FILES * sizeof(int))) {
        abort();
    }
    memcpy(files, CMSG_DATA(sent), FILES * sizeof(int));
    return length;
}

/* In the child: does not return. */
static void run(char *text, size_t length, const int files[FILES])
{
    char *arguments[MAX_ARGUMENTS + 1] = { NULL };
    int count = 0;

    for (char *end = text + length; text < end; text += strlen(text) + 1) {
        if (count == MAX_ARGUMENTS) {
            abort();
        }
        arguments[count++] = text;
    }
    for (int i = 0; i < FILES; i++) {
        dup2(files[i], STDOUT_FILENO + i);
        close(files[i]);
    }
    close(requests);
    exit(tshark_main(count, arguments, environ));
}

/* All requests of one connection. */
static void serve(void)
{
    int files[FILES];
    uint32_t length;

    while ((length = receive_length(files)) > 0) {
        char *text = (char *)malloc(length);
        int status = 0;

        if (!text || recv(requests, text, length, MSG_WAITALL) != (ssize_t)length || text[length - 1] != '\0') {
            abort();
        }
        const pid_t child = fork();

        if (child == 0) {
            run(text, length, files);
        }
        free(text);
        close(files[0]);
        close(files[1]);
        if (child < 0 || waitpid(child, &status, 0) != child ||
            send(requests, &status, sizeof status, MSG_NOSIGNAL) < 0) {
            abort();
        }
    }
    _exit(0);
}

/* Whoever connects. It is this process that listens, so that its number is what a peer is told by SO_PEERCRED. */
static void serve_all(void)
{
    struct pollfd next_one = { requests, POLLIN, 0 };

    if (listen(requests, MOST_WAITING) != 0) {
        abort();
    }
    signal(SIGCHLD, SIG_IGN); /* nobody waits for those who serve */
    while (poll(&next_one, 1, IDLE_MILLISECONDS) > 0) {
        const int connection = accept(next_one.fd, NULL, NULL);

        if (connection < 0) {
            break;
        }
        if (fork() == 0) {
            signal(SIGCHLD, SIG_DFL);
            close(next_one.fd);
            requests = connection;
            serve();
        }
        close(connection);
    }
    _exit(0);
}

static int is_connected(int socket)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;

    return getpeername(socket, (struct sockaddr *)&peer, &size) == 0;
}

void wtap_init(int load_plugins)
{
    if (!is_registered) {
        ((wtap_init_function_t *)next("wtap_init"))(load_plugins);
    }
}

int epan_init(void *callback, void *client_data, int load_plugins)
{
    if (!is_registered) {
        if (!((epan_init_function_t *)next("epan_init"))(callback, client_data, load_plugins)) {
            return 0;
        }
        is_registered = 1;
        if (tshark_main) {
            is_connected(requests) ? serve() : serve_all();
        }
    }
    return 1;
}
