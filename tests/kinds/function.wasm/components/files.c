// The guest that tests of WASI call. Built by build.sh.
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define EXPORT(name) __attribute__((export_name(name)))

typedef struct { char *at; size_t length; } Text;
typedef struct { uint8_t is_error; Text text; } Outcome;

EXPORT("cabi_realloc") void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
    (void)old_size; (void)align;
    return size == 0 ? (void *)align : realloc(old, size);
}

static Text given;
static Outcome outcome;

static void add_text(Text *to, const char *text, size_t length) {
    to->at = realloc(to->at, to->length + length + 1);
    memcpy(to->at + to->length, text, length);
    to->length += length;
    to->at[to->length] = 0;
}

static void add_words(Text *to, const char *text) { add_text(to, text, strlen(text)); }

static char *copy_of(const char *text, size_t length) {
    char *copy = malloc(length + 1);
    memcpy(copy, text, length);
    copy[length] = 0;
    return copy;
}

EXPORT("greet") Text *greet(char *name, size_t length) {
    given = (Text){0};
    add_words(&given, "Hello, ");
    add_text(&given, name, length);
    add_words(&given, "!");
    return &given;
}

EXPORT("add") int32_t add(int32_t a, int32_t b) { return a + b; }

EXPORT("fibonacci") uint64_t fibonacci(uint32_t n) {
    uint64_t a = 0, b = 1;
    while (n-- > 0) { uint64_t next = a + b; a = b; b = next; }
    return a;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

EXPORT("list-files") Text *list_files(char *text, size_t length) {
    char *path = copy_of(text, length), *names[1000], line[600];
    int count = 0;
    given = (Text){0};
    DIR *folder = opendir(path);
    if (folder == NULL) {
        snprintf(line, sizeof line, "cannot read %s: %s\n", path, strerror(errno));
        fputs(line, stderr);
        add_words(&given, line);
        return &given;
    }
    for (struct dirent *item; count < 1000 && (item = readdir(folder)) != NULL;) {
        if (strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0) names[count++] = strdup(item->d_name);
    }
    closedir(folder);
    qsort(names, count, sizeof *names, by_name);
    for (int i = 0; i < count; i++) {
        struct stat info;
        char whole[1000];
        snprintf(whole, sizeof whole, "%s/%s", path, names[i]);
        int is_known = stat(whole, &info) == 0;
        snprintf(line, sizeof line, "%-6s %8lld  %s\n", is_known ? S_ISDIR(info.st_mode) ? "dir" : "file" : "?",
                 is_known ? (long long)info.st_size : 0, names[i]);
        fputs(line, stdout);
        add_words(&given, line);
    }
    fflush(stdout);
    return &given;
}

static void read_all(int file, Text *to) {
    char part[5000];
    for (ssize_t count; (count = read(file, part, sizeof part)) > 0;) add_text(to, part, count);
}

// What came of it goes to `to`; -1 with errno where it failed.
static int work_on(const char *what, const char *path, const char *more, Text *to) {
    char number[40];
    int file = -1, failed = 0;
    struct stat info;
    if (strcmp(what, "read") == 0) {
        if ((file = open(path, O_RDONLY)) < 0) return -1;
        read_all(file, to);
    } else if (strcmp(what, "write") == 0) {
        if ((file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666)) < 0) return -1;
        failed = write(file, more, strlen(more)) < 0;
    } else if (strcmp(what, "append") == 0) {
        if ((file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0666)) < 0) return -1;
        failed = write(file, more, strlen(more)) < 0 || fsync(file) < 0;
    } else if (strcmp(what, "new") == 0) {
        if ((file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666)) < 0) return -1;
        failed = write(file, more, strlen(more)) < 0;
    } else if (strcmp(what, "patch") == 0) {
        // Three bytes on, and everything read again.
        if ((file = open(path, O_RDWR)) < 0) return -1;
        failed = lseek(file, 3, SEEK_SET) < 0 || write(file, more, strlen(more)) < 0 || lseek(file, 0, SEEK_SET) < 0;
        read_all(file, to);
    } else if (strcmp(what, "part") == 0) {
        char part[101] = {0};
        if ((file = open(path, O_RDONLY)) < 0) return -1;
        ssize_t count = pread(file, part, 100, atoi(more));
        failed = count < 0;
        if (!failed) add_text(to, part, count);
    } else if (strcmp(what, "end") == 0) {
        if ((file = open(path, O_RDONLY)) < 0) return -1;
        snprintf(number, sizeof number, "%lld", (long long)lseek(file, 0, SEEK_END));
        add_words(to, number);
    } else if (strcmp(what, "cut") == 0) {
        failed = truncate(path, atoi(more)) < 0;
    } else if (strcmp(what, "stat") == 0) {
        if (stat(path, &info) < 0) return -1;
        snprintf(number, sizeof number, "%s %lld %d", S_ISDIR(info.st_mode) ? "dir" : "file", (long long)info.st_size,
                 info.st_mtime > 0);
        add_words(to, number);
    } else if (strcmp(what, "mkdir") == 0) {
        failed = mkdir(path, 0777) < 0;
    } else if (strcmp(what, "rmdir") == 0) {
        failed = rmdir(path) < 0;
    } else if (strcmp(what, "remove") == 0) {
        failed = unlink(path) < 0;
    } else if (strcmp(what, "rename") == 0) {
        failed = rename(path, more) < 0;
    } else if (strcmp(what, "link") == 0) {
        failed = link(path, more) < 0;
    } else if (strcmp(what, "print") == 0) {
        printf("%s\n", path);
        fprintf(stderr, "%s\n", more);
        fflush(stdout);
    } else if (strcmp(what, "terminal") == 0) {
        snprintf(number, sizeof number, "%d %d", isatty(0), isatty(1));
        add_words(to, number);
    } else if (strcmp(what, "env") == 0) {
        add_words(to, getenv(path) == NULL ? "" : getenv(path));
    } else if (strcmp(what, "spin") == 0) {
        for (volatile int i = 0; i >= 0;) i = 1;
    } else {
        errno = EINVAL;
        return -1;
    }
    if (file >= 0) {
        int why = errno;
        failed |= close(file) < 0;
        errno = why;
    }
    return failed ? -1 : 0;
}

EXPORT("work") Outcome *work(char *what, size_t what_length, char *path, size_t path_length, char *more, size_t more_length) {
    outcome = (Outcome){0};
    outcome.is_error = work_on(copy_of(what, what_length), copy_of(path, path_length), copy_of(more, more_length),
                               &outcome.text) < 0;
    if (outcome.is_error) {
        outcome.text = (Text){0};
        add_words(&outcome.text, strerror(errno));
    }
    return &outcome;
}

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

EXPORT("nap") uint64_t nap(uint32_t ms) {
    uint64_t start = now_ms();
    struct timespec time = {ms / 1000, (ms % 1000) * 1000000L};
    nanosleep(&time, NULL);
    return now_ms() - start;
}

EXPORT("shout") uint32_t shout(void) {
    uint32_t count = 0;
    for (int c; (c = getchar()) != EOF;) {
        putchar(toupper(c));
        count += c == '\n';
        if (c == '\n') fflush(stdout);
    }
    fflush(stdout);
    return count;
}
