/* far PORT MILLISECONDS: makes the server on 127.0.0.1:PORT look that many milliseconds away, there and back.
 *
 * Listens on a free port of 127.0.0.1, prints it, and passes on what comes. What is modelled is distance, not bandwidth:
 *
 * - Data arrives half a round trip after it was sent, in order, and so does its end.
 * - A new connection is deaf for a whole round trip, which is how long it takes to be set up. The kernel tells the client
 *   "connected" at once, but what it sends then leaves when a real connection would have let it.
 *
 * There is one thread, and it sleeps until something comes or is due. Nothing is ever refused for being too much: what
 * waits is kept, so neither side can stop the other, which a distance does not do either.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_ENDS 2048

/* A piece of data on its way; none at all is the end of the data. */
struct piece {
    struct piece *next;
    long long due;
    size_t size, written;
    char data[];
};

/* One of the two sockets of a connection that is passed on. The other is next to it in `ends`. */
struct end {
    int fd;
    long long deaf_until;
    int over; /* nothing more comes from it */
    int shut; /* nothing more can be sent to it */
    struct piece *first, **last; /* what is on its way to it */
};

static struct end *ends[MOST_ENDS];
static int count;
static struct sockaddr_in server;
static long long half_trip;
static char buffer[256 << 10];

static void check(int result, const char *what) {
    if (result >= 0) return;
    perror(what);
    exit(1);
}

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static struct end *new_end(int fd, long long deaf_until) {
    struct end *end = calloc(1, sizeof *end);
    end->fd = fd;
    end->deaf_until = deaf_until;
    end->last = &end->first;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return end;
}

static void take_connection(int listener) {
    int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0) return;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (count + 2 > MOST_ENDS || connect(fd, (struct sockaddr *)&server, sizeof server) < 0) {
        close(client);
        close(fd);
        return;
    }
    ends[count++] = new_end(client, now() + 2 * half_trip);
    ends[count++] = new_end(fd, 0);
}

/* Reads what has come from an end, and sends it on its way to the other. */
static void hear(struct end *from, struct end *to) {
    ssize_t size = recv(from->fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) {
        from->over = 1;
        size = 0;
    }
    struct piece *piece = malloc(sizeof *piece + size);
    *piece = (struct piece){.due = now() + half_trip, .size = size};
    memcpy(piece->data, buffer, size);
    *to->last = piece;
    to->last = &piece->next;
}

/* Hands over what is due at an end, as far as it takes it. Says when to look again: 0 if when it takes more. */
static long long deliver(struct end *end, long long time) {
    struct piece *piece;
    while ((piece = end->first) && piece->due <= time) {
        while (piece->written < piece->size && !end->shut) {
            ssize_t size = send(end->fd, piece->data + piece->written, piece->size - piece->written, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (size < 0 && errno == EAGAIN) return 0;
            if (size < 0) end->shut = 1;
            else piece->written += size;
        }
        if (piece->size == 0) {
            shutdown(end->fd, SHUT_WR);
            end->shut = 1;
        }
        if (!(end->first = piece->next)) end->last = &end->first;
        free(piece);
    }
    return piece ? piece->due : time + 3600000000000LL;
}

static void forget_if_over(int at) {
    struct end *one = ends[at], *other = ends[at + 1];
    if (!one->over || !other->over || one->first || other->first) return;
    close(one->fd);
    close(other->fd);
    free(one);
    free(other);
    count -= 2;
    ends[at] = ends[count];
    ends[at + 1] = ends[count + 1];
}

/* What to wait for at an end; `wake` becomes the time of the next thing that is due there, if that is sooner. */
static short awaited(struct end *end, long long time, long long *wake) {
    long long due = deliver(end, time);
    short events = due == 0 ? POLLOUT : 0;
    if (due > 0 && due < *wake) *wake = due;
    if (end->over) return events;
    if (end->deaf_until <= time) return events | POLLIN;
    if (end->deaf_until < *wake) *wake = end->deaf_until;
    return events;
}

int main(int argc, char **argv) {
    static struct pollfd polled[MOST_ENDS + 1];
    if (argc != 3) return 2;
    half_trip = atoll(argv[2]) * 500000;
    server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in here = server;
    socklen_t size = sizeof here;
    here.sin_port = 0;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    check(bind(listener, (struct sockaddr *)&here, size), "bind");
    check(listen(listener, 512), "listen");
    check(getsockname(listener, (struct sockaddr *)&here, &size), "getsockname");
    printf("%d\n", ntohs(here.sin_port));
    fflush(stdout);
    for (;;) {
        for (int at = count - 2; at >= 0; at -= 2) forget_if_over(at);
        long long time = now(), wake = time + 3600000000000LL;
        for (int at = 0; at < count; at++) {
            short events = awaited(ends[at], time, &wake);
            polled[at] = (struct pollfd){events ? ends[at]->fd : -1, events, 0};
        }
        polled[count] = (struct pollfd){listener, POLLIN, 0};
        long long left = wake > time ? wake - time : 0;
        struct timespec sleep = {left / 1000000000, left % 1000000000};
        check(ppoll(polled, count + 1, &sleep, NULL), "ppoll");
        for (int at = 0; at < count; at++)
            if (polled[at].events & POLLIN && polled[at].revents) hear(ends[at], ends[at ^ 1]);
        if (polled[count].revents) take_connection(listener);
    }
}
