/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_CHECK_SERVICE_MANAGER_H
#define POLICYD_CHECK_SERVICE_MANAGER_H

/* service_start - the commands that start policyd on the machine whose root
 * directory is root ("": this one), or make a running policyd load the file;
 * option: " -c FILE", or "" for the default file. The caller frees it. */
char *service_start(const char *root, const char *option);

/* service_stop - the commands that stop it again; without a service manager by
 * means of its pid_file. The caller frees it. */
char *service_stop(const char *root, const char *option, const char *pid_file);

#endif
