// Made by `npm run types` from the server's /openapi.json. Do not edit.
export interface paths {
    "/mcp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * The tools of an agent at work (MCP)
         * @description Answer one message of MCP's streamable HTTP, without a session and without a stream.
         */
        post: operations["mcp_mcp_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hooks/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Deliver a webhook
         * @description Start what waits at this address; no token, but the body signed with its secret.
         */
        post: operations["deliver_hooks__path__post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/schedules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List schedules
         * @description Return every schedule with its next time and its last firing.
         */
        get: operations["schedules_schedules_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/schedules/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show one schedule
         * @description Return one schedule with its next times and its newest firings.
         */
        get: operations["schedule_schedules__name__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/schedules/{name}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pause a schedule
         * @description Let it fire no more; newer versions of its workflow do not change that.
         */
        post: operations["pause_schedules__name__pause_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/schedules/{name}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resume a schedule
         * @description Let it fire from now on; what fell into the pause is not made up for.
         */
        post: operations["resume_schedules__name__resume_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/schedules/{name}/trigger": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start a schedule's workflow now
         * @description Start it once with the schedule's inputs, whatever runs and also while it is paused.
         */
        post: operations["trigger_schedules__name__trigger_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/schedules/{name}/backfill": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make up for times of the past
         * @description Fire for each time of a span that has started nothing; `dry_run` only tells which.
         */
        post: operations["backfill_schedules__name__backfill_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/triggers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List triggers
         * @description Return every schedule, webhook and event that starts a workflow, with its last firing.
         */
        get: operations["triggers_triggers_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Is the server well
         * @description Return status and version; with a token also each component.
         */
        get: operations["health_health_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Can it take work
         * @description Answer 200 while work is taken and done, 503 otherwise.
         */
        get: operations["ready_health_ready_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/server/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop the server
         * @description Begin to stop; the answer names the tasks that go on without the server.
         */
        post: operations["stop_server_stop_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send an ordinary message
         * @description Enqueue a Dramatiq message by the name of its actor.
         */
        post: operations["send_message_messages_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/vocabulary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every state and how it is shown
         * @description Return the words, icons and colour families, so that no client has its own.
         */
        get: operations["vocabulary_vocabulary_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tasks/{ref}/takeover": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take a task over
         * @description Stop the agent softly; its own screen opens with the same conversation.
         */
        post: operations["take_over_tasks__ref__takeover_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tasks/{ref}/handback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Hand a task back to its agent
         * @description Close the screen; the agent goes on in the same conversation and attempt.
         */
        post: operations["hand_back_tasks__ref__handback_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tasks/{ref}/attach": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The command that attaches a terminal to a task's window
         * @description Return the command line; the client executes it on the server's machine.
         */
        get: operations["attach_tasks__ref__attach_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Sessions of the terminal
         * @description Return every session there is, those of people too where tmux is theirs.
         */
        get: operations["sessions_sessions_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agents/{name}/probe": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether an agent's program can be used
         * @description Look at the program on the server's machine: missing, too old, not logged in, or fine.
         */
        get: operations["probe_agents__name__probe_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tasks/submit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Submit one task
         * @description Accept one task with exactly one of `prompt`, `run`, `action`; 201 means it is durable.
         */
        post: operations["submit_tasks_submit_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List tasks
         * @description Return a page of tasks, newest first, with the number in each state.
         */
        get: operations["tasks_tasks_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tasks/{ref}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show one task
         * @description Return the task with this id or ref.
         */
        get: operations["task_tasks__ref__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tasks/{ref}/result": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What came of a task
         * @description Return outputs, exit and evidence of the newest attempt.
         */
        get: operations["result_tasks__ref__result_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tasks/{ref}/attempts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How each attempt of a task ended
         * @description Return the attempts that have ended: outcome, evidence, tokens and cost.
         */
        get: operations["attempts_tasks__ref__attempts_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tasks/{ref}/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A part of a task's output
         * @description Return output from a byte offset on, with terminal escapes made harmless.
         */
        get: operations["task_log_tasks__ref__log_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tasks/{ref}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel a task
         * @description Request the cancel; it is done when the task's state says so.
         */
        post: operations["cancel_tasks__ref__cancel_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tasks/{ref}/resolve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say what happened in an uncertain task
         * @description Decide an uncertain task: it succeeded, is tried again, or failed.
         */
        post: operations["resolve_tasks__ref__resolve_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agents/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Agents, queues and workers now
         * @description Return the whole floor at one position of the log.
         */
        get: operations["status_agents_status_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agents/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show one agent
         * @description Return one agent.
         */
        get: operations["agent_agents__name__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agents/{name}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The end of an agent's session
         * @description Return the last lines that the agent's session shows.
         */
        get: operations["logs_agents__name__logs_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agents/{name}/attach": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The command that attaches a terminal
         * @description Return the command line; the client executes it on the server's machine.
         */
        get: operations["attach_agents__name__attach_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Deployed applications
         * @description Return the applications that `deploy_local` keeps running.
         */
        get: operations["apps_apps_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apps/{name}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop an application
         * @description Stop one application and return it.
         */
        post: operations["stop_app_apps__name__stop_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hosts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List hosts
         * @description Return every host with its worker processes.
         */
        get: operations["hosts_hosts_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hosts/{name}/lost": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Declare a host lost
         * @description Record that a host is lost for good: its runs count as ended and are decided.
         */
        post: operations["lost_hosts__name__lost_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/queues": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List queues
         * @description Return every queue with its depth.
         */
        get: operations["queues_queues_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/queues/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a queue
         * @description Return one queue with its depth by state, its rate and its history.
         */
        get: operations["queue_queues__name__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/queues/{name}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pause a queue
         * @description Start nothing from it until it is resumed, also after a restart; what runs goes on.
         */
        post: operations["pause_queues__name__pause_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/queues/{name}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resume a queue
         * @description Start from it again.
         */
        post: operations["resume_queues__name__resume_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/queues/{name}/limit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Limit a queue
         * @description Let at most so many of its tasks run at once; it wins over the configuration.
         */
        post: operations["limit_queues__name__limit_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/queues/{name}/purge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Purge a queue
         * @description Cancel every task that waits in it; what runs, and what undoes a workflow, goes on.
         */
        post: operations["purge_queues__name__purge_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/resilience": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show what was healed
         * @description Return breakers, restarts and rollbacks, each with its reason.
         */
        get: operations["resilience_resilience_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/resilience/{name}/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reset a breaker
         * @description Use something again at once that is left alone after failures.
         */
        post: operations["reset_resilience__name__reset_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/state": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List shared state
         * @description Return a page of the keys that match, in order.
         */
        get: operations["states_state_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/state/snapshots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List snapshots
         * @description Return the newest snapshots.
         */
        get: operations["snapshots_state_snapshots_get"];
        put?: never;
        /**
         * Take a snapshot
         * @description Copy the whole state.
         */
        post: operations["take_state_snapshots_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/state/snapshots/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a snapshot
         * @description Return a snapshot, by its id or the newest of a name, with what it holds.
         */
        get: operations["snapshot_state_snapshots__name__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/state/snapshots/{name}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Restore a snapshot
         * @description Make the state what the snapshot holds; each change is an event of its key.
         */
        post: operations["restore_state_snapshots__name__restore_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/state/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read shared state
         * @description Return the newest value of a key with its version.
         */
        get: operations["state_state__key__get"];
        put?: never;
        /**
         * Set shared state
         * @description Set a key; with `version` only if it still is at that version.
         */
        post: operations["set__state__key__post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/state/{key}/delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Delete shared state
         * @description Delete a key; its history stays.
         */
        post: operations["delete_state__key__delete_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/state/{key}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a key's history
         * @description Return who changed a key, when and to what.
         */
        get: operations["history_state__key__history_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List dead letters
         * @description Return a page of dead tasks and messages, the newest death first.
         */
        get: operations["dead_letters_dead_letters_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export dead letters
         * @description Return a page of dead letters with all their evidence.
         */
        get: operations["export_dead_letters_export_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters/redrive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Re-drive many dead letters
         * @description Begin to re-drive all that match and are dead by now; it goes on over restarts.
         */
        post: operations["redrive_many_dead_letters_redrive_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters/redrives": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List re-drives of many
         * @description Return the newest re-drives of many, and how far they are.
         */
        get: operations["redrives_dead_letters_redrives_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters/redrives/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a re-drive of many
         * @description Return how far a re-drive of many is.
         */
        get: operations["redrive_of_many_dead_letters_redrives__id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters/redrives/{id}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop a re-drive of many
         * @description End it before it is through; what was re-driven stays so.
         */
        post: operations["stop_redrive_dead_letters_redrives__id__stop_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters/{kind}/{ref}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a dead letter
         * @description Return one letter with its errors, its payload, the end of its output, its history.
         */
        get: operations["dead_letter_dead_letters__kind___ref__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters/{kind}/{ref}/redrive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Re-drive a dead letter
         * @description Let it run again with its attempts reset, changed if wished.
         */
        post: operations["redrive_dead_letters__kind___ref__redrive_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dead-letters/{kind}/{ref}/discard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Discard a dead letter
         * @description Put it aside for good, with a reason.
         */
        post: operations["discard_dead_letters__kind___ref__discard_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/approvals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List approvals
         * @description Return a page of approvals, newest first, with the number in each state.
         */
        get: operations["approvals_approvals_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/approvals/rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The policy of approvals
         * @description Return the rules in their order, and what is decided where none matches.
         */
        get: operations["rules_approvals_rules_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/approvals/{ref}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show one approval
         * @description Return the approval with this id or ref, or a task's, with exactly what would run.
         */
        get: operations["approval_approvals__ref__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/approvals/{ref}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Approve
         * @description Say yes to exactly what was shown; 409 when somebody was first or it has changed.
         */
        post: operations["approve_approvals__ref__approve_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/approvals/{ref}/reject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reject
         * @description Say no; 409 when somebody was first.
         */
        post: operations["reject_approvals__ref__reject_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List tokens
         * @description Return every token that was made, without what it is.
         */
        get: operations["tokens_tokens_get"];
        put?: never;
        /**
         * Make a token
         * @description Make a token for a person with a role; it is shown this once and not stored.
         */
        post: operations["create_tokens_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tokens/{name}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Revoke a token
         * @description Let a token open nothing any more.
         */
        post: operations["revoke_tokens__name__revoke_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/questions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List questions of agents at work
         * @description Return a page of questions, newest first, with the number in each state.
         */
        get: operations["questions_questions_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/questions/{ref}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show one question
         * @description Return the question with this id or ref, or that a task waits for.
         */
        get: operations["question_questions__ref__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/questions/{ref}/answer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Answer a question
         * @description Allow, deny or answer; of several who answer one wins, the others get 409.
         */
        post: operations["answer_questions__ref__answer_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workflows/validate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Look for problems in a definition
         * @description Compile a definition without storing it; all problems come at once, with their lines.
         */
        post: operations["validate_workflows_validate_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workflows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List workflows
         * @description Return the shipped and the user's own workflows.
         */
        get: operations["workflows_workflows_get"];
        put?: never;
        /**
         * Define a workflow
         * @description Store a definition under its slug; its hash is its version.
         */
        post: operations["define_workflows_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workflows/schema": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The format as JSON Schema
         * @description Return the JSON Schema (draft 2020-12) of definition files; editors check with it.
         */
        get: operations["schema_workflows_schema_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workflows/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show one workflow
         * @description Return one workflow.
         */
        get: operations["workflow_workflows__name__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workflows/{name}/execute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start an execution
         * @description Start a defined workflow; with `source` define it first (`{name}` may then be `-`).
         */
        post: operations["execute_workflows__name__execute_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/executions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List executions
         * @description Return a page of executions, newest first, with the number in each state.
         */
        get: operations["executions_executions_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/executions/{ref}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show one execution
         * @description Return the execution with this id or ref, with its steps.
         */
        get: operations["execution_executions__ref__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/executions/{ref}/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Graph and timeline in one document
         * @description Return everything a page about one execution needs, without logs.
         */
        get: operations["summary_executions__ref__summary_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/executions/{ref}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The history of an execution
         * @description Return the events of one execution, its steps and their tasks, in order.
         */
        get: operations["events_executions__ref__events_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/executions/{ref}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel an execution
         * @description Request the cancel; `compensate` overrides what the definition says about undoing.
         */
        post: operations["cancel_executions__ref__cancel_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/executions/{ref}/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Why an execution has not ended
         * @description Return for each step that is not closed why it waits and what follows when it ends.
         */
        get: operations["explain_execution_executions__ref__explain_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tasks/{ref}/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Why a task has not ended
         * @description Return why a task waits: its lock, its queue, a slot, a time, an approval.
         */
        get: operations["explain_task_tasks__ref__explain_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workflows/{name}/plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What an execution would do
         * @description Return levels, agents, conditions, waits and the undoing; nothing is stored or started.
         */
        post: operations["plan_workflows__name__plan_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workflows/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Another system's workflow in our format
         * @description Return our YAML and, with its line, each thing that did not map; nothing is stored.
         */
        post: operations["import__workflows_import_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workflows/{name}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The versions of a workflow
         * @description Return the versions that were defined under this name, the newest first.
         */
        get: operations["versions_workflows__name__versions_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workflows/{name}/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What changed between two versions
         * @description Return each added, removed and changed step and field, and the diff of the texts.
         */
        get: operations["diff_workflows__name__diff_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/executions/{ref}/signals/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a signal to an execution
         * @description Let a step that waits for the signal go on; kept for one that will wait for it later.
         */
        post: operations["signal_executions__ref__signals__name__post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/executions/{ref}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pause an execution
         * @description Let nothing new start; what runs goes on.
         */
        post: operations["pause_executions__ref__pause_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/executions/{ref}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let a paused execution go on
         * @description Look at every step again and start what is ready.
         */
        post: operations["resume_executions__ref__resume_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/executions/{ref}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry an execution
         * @description Open a new generation that runs again what is not in force, and a chosen step.
         */
        post: operations["retry_executions__ref__retry_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/executions/{ref}/rewind": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rewind an execution
         * @description Open a new generation that goes back to a step, which is told the feedback.
         */
        post: operations["rewind_executions__ref__rewind_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/executions/{ref}/skip": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Skip a step
         * @description Open a new generation that goes on without a step.
         */
        post: operations["skip_executions__ref__skip_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/executions/{ref}/set-output": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Set the outputs of a step
         * @description Open a new generation in which a step counts as done, with these outputs.
         */
        post: operations["set_output_executions__ref__set_output_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/executions/{ref}/fork": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Fork an execution
         * @description Start a new execution that takes over what is in force in this one.
         */
        post: operations["fork_executions__ref__fork_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/executions/{ref}/compensate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Undo an execution
         * @description Undo what is in force; resume an undoing that failed, without some steps if need be.
         */
        post: operations["compensate_executions__ref__compensate_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Events after a cursor
         * @description Return events in order; with `wait_ms` wait so long for the first one.
         */
        get: operations["events_events_get"];
        put?: never;
        /**
         * Say an event
         * @description Tell the steps that wait for its type, and start the workflows that it is to start.
         */
        post: operations["publish_events_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events/head": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The newest position
         * @description Return the cursor of the newest event and the head of the hash chain.
         */
        get: operations["head_events_head_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check the hash chain
         * @description Read the whole log and recompute its chain.
         */
        get: operations["verify_events_verify_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events/starts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every start of a run, and why
         * @description Return all starts, to be compared with a ledger that the commands kept themselves.
         */
        get: operations["starts_events_starts_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who is logged in
         * @description Return the value that unsafe methods by cookie must carry as `X-CSRF`.
         */
        get: operations["session_session_get"];
        put?: never;
        /**
         * Exchange a token for a cookie
         * @description Set the session cookie; the token is in the body, never in an address.
         */
        post: operations["log_in_session_post"];
        /**
         * Log out
         * @description Take the session cookie away.
         */
        delete: operations["log_out_session_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/session/ticket": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A one-use address that logs a browser in
         * @description Return an address that works once, within 30 s.
         */
        post: operations["ticket_session_ticket_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Agent
         * @description A configured role with its session.
         */
        Agent: {
            /** Name */
            name: string;
            /**
             * State
             * @enum {string}
             */
            state: "idle" | "starting" | "working" | "stopped" | "lost";
            shown: components["schemas"]["Shown"];
            /** Adapter */
            adapter: string;
            /** Fake */
            fake: boolean;
            /** Note */
            note: string;
            /** Queue */
            queue: string;
            /** Session */
            session: string;
            /** Session Alive */
            session_alive: boolean;
            /** Running */
            running: components["schemas"]["RunningTask"][];
            /** Slots */
            slots: number;
            /** Capabilities */
            capabilities: string[];
            /** Last Output At */
            last_output_at: number | null;
        };
        /**
         * AgentLogs
         * @description The end of an agent's session.
         */
        AgentLogs: {
            /** Text */
            text: string;
        };
        /**
         * AgentProbe
         * @description Whether an agent's program can be used on the server's machine.
         */
        AgentProbe: {
            /** Agent */
            agent: string;
            /** Adapter */
            adapter: string;
            /** Ok */
            ok: boolean;
            /** Version */
            version: string | null;
            /** Detail */
            detail: string;
            /** Hint */
            hint: string;
        };
        /**
         * AgentsStatus
         * @description The whole floor at one position of the log.
         */
        AgentsStatus: {
            /** Agents */
            agents: components["schemas"]["Agent"][];
            /** Queues */
            queues: components["schemas"]["Queue"][];
            workers: components["schemas"]["Workers"];
            /** Left Alone */
            left_alone: components["schemas"]["LeftAlone"][];
            /** Cursor */
            cursor: string;
        };
        /**
         * AnswerQuestion
         * @description What the agent is told.
         */
        AnswerQuestion: {
            /**
             * Decision
             * @description A permission is allowed or denied, a question answered or denied
             * @enum {string}
             */
            decision: "allow" | "deny" | "answer";
            /**
             * Text
             * @description What the agent reads: the answer, or why not
             * @default
             */
            text: string;
            /**
             * Note
             * @description For the record alone
             * @default
             */
            note: string;
            /**
             * Input
             * @description What the tool is to do instead; only with allow
             * @default null
             */
            input: {
                [key: string]: unknown;
            } | null;
        };
        /**
         * App
         * @description A deployed application.
         */
        App: {
            /** Name */
            name: string;
            /** Url */
            url: string | null;
            /** Pid */
            pid: number | null;
            /** Release */
            release: string | null;
            /** State */
            state: string;
            /** Previous */
            previous: string | null;
        };
        /**
         * AppList
         * @description The deployed applications.
         */
        AppList: {
            /** Items */
            items: components["schemas"]["App"][];
        };
        /**
         * Approval
         * @description Something that waits, or waited, for a yes.
         */
        Approval: {
            /** Id */
            id: string;
            /** Ref */
            ref: string;
            /**
             * Subject
             * @enum {string}
             */
            subject: "task" | "step";
            /** Task Id */
            task_id: string | null;
            /** Execution Id */
            execution_id: string | null;
            /** Step Id */
            step_id: string | null;
            /** Title */
            title: string;
            /** Prompt */
            prompt: string;
            /**
             * State
             * @enum {string}
             */
            state: "requested" | "approved" | "used" | "rejected" | "expired" | "voided";
            shown: components["schemas"]["Shown"];
            /**
             * Decide
             * @enum {string}
             */
            decide: "manual" | "always_ask" | "auto" | "reject";
            /** Rule */
            rule: string;
            /** Requester */
            requester: string;
            /** Requester Kind */
            requester_kind: string;
            /** Agent */
            agent: string;
            /** Deciders */
            deciders: string[];
            /** Quorum */
            quorum: number;
            /** Votes */
            votes: components["schemas"]["Vote"][];
            /** Created At */
            created_at: number;
            /** Due At */
            due_at: number | null;
            /** On Due */
            on_due: string | null;
            /** Level */
            level: number;
            /** Form */
            form: {
                [key: string]: unknown;
            };
            /** Digest */
            digest: string | null;
            /** What */
            what: {
                [key: string]: unknown;
            };
            /** Problem */
            problem: string | null;
            /** Decided By */
            decided_by: string | null;
            /** Decided At */
            decided_at: number | null;
            /** Decided Rule */
            decided_rule: string | null;
            /** How */
            how: string | null;
            /** Note */
            note: string;
            /** Answers */
            answers: {
                [key: string]: unknown;
            };
            /** Reason */
            reason: string | null;
            /** Advisory */
            advisory: boolean;
            /** Url */
            url: string;
        };
        /**
         * ApprovalList
         * @description A page of approvals.
         */
        ApprovalList: {
            /** Items */
            items: components["schemas"]["Approval"][];
            /** Next */
            next: string | null;
            /** Counts */
            counts: {
                [key: string]: number;
            };
            /** Advisory */
            advisory: boolean;
        };
        /**
         * ApprovalRule
         * @description One rule of the policy.
         */
        ApprovalRule: {
            /** Rule */
            rule: string;
            /** Match */
            match: {
                [key: string]: unknown;
            };
            /** Decide */
            decide: string;
            /** Countdown Ms */
            countdown_ms: number | null;
            /** Deciders */
            deciders: string[];
            /** Quorum */
            quorum: number;
            /** Expires Ms */
            expires_ms: number | null;
            /** On Expire */
            on_expire: string;
        };
        /**
         * ApprovalRules
         * @description The policy.
         */
        ApprovalRules: {
            /** Default */
            default: string;
            /** Agent Requests */
            agent_requests: string;
            /** Rules */
            rules: components["schemas"]["ApprovalRule"][];
            /** Advisory */
            advisory: boolean;
        };
        /**
         * AskPerson
         * @description Ask a person something that you need to know; waits for the answer.
         */
        AskPerson: {
            /**
             * Ref
             * @description Wait on for what an earlier call of this tool asked
             * @default null
             */
            ref: string | null;
            /**
             * Wait S
             * @default 50
             */
            wait_s: number;
            /**
             * Question
             * @default null
             */
            question: string | null;
            /**
             * Options
             * @description Answers to choose from
             */
            options?: string[];
        };
        /**
         * Attach
         * @description The command that attaches a terminal.
         */
        Attach: {
            /** Argv */
            argv: string[];
        };
        /**
         * Attempt
         * @description How one run of a task ended, on what evidence, and what it used.
         */
        Attempt: {
            /** Run */
            run: number;
            /** Attempt */
            attempt: number;
            /** Generation */
            generation: number;
            /** Agent */
            agent: string;
            /** Adapter */
            adapter: string;
            /** Started At */
            started_at: number;
            /** Ended At */
            ended_at: number;
            /**
             * Outcome
             * @enum {string}
             */
            outcome: "succeeded" | "failed" | "parked" | "cancelled" | "stopped" | "taken_over" | "handed_back" | "lost";
            error: components["schemas"]["Failure"] | null;
            /** Evidence */
            evidence: ("E1" | "E2" | "E3" | "E4" | "E5")[];
            spent: components["schemas"]["Spent"] | null;
            late: components["schemas"]["Late"] | null;
        };
        /**
         * BackfillSchedule
         * @description Which times to make up for: both ends inclusive, epoch milliseconds.
         */
        BackfillSchedule: {
            /** From */
            from: number;
            /** To */
            to: number;
            /**
             * Limit
             * @description more times than this are refused
             * @default 100
             */
            limit: number;
            /**
             * Dry Run
             * @default false
             */
            dry_run: boolean;
        };
        /**
         * Backfilled
         * @description The times that fire now, or would, and those that were decided before.
         */
        Backfilled: {
            /** Id */
            id: string;
            /** Dry Run */
            dry_run: boolean;
            /** Ticks */
            ticks: number[];
            /** Already */
            already: number[];
        };
        /**
         * Breaker
         * @description Something that is left alone for a while because it failed again and again.
         */
        Breaker: {
            /** Name */
            name: string;
            /**
             * State
             * @enum {string}
             */
            state: "closed" | "open" | "half_open";
            /** Failures */
            failures: number;
            /** Trips */
            trips: number;
            /** Until */
            until: number | null;
            /** Reason */
            reason: string;
            /** Kind */
            kind: string;
            /** Trying */
            trying: string | null;
            /** Changed At */
            changed_at: number | null;
        };
        /**
         * CancelExecution
         * @description Whether to undo what was done; absent: as the definition says.
         */
        CancelExecution: {
            /**
             * Compensate
             * @default null
             */
            compensate: boolean | null;
        };
        /**
         * Changes
         * @description Fields that are replaced as wholes: those of a task, or `args`, `kwargs` of a message.
         */
        Changes: {
            /**
             * Prompt
             * @description Words for an agent; never run as shell
             * @default null
             */
            prompt: string | null;
            /**
             * Run
             * @description A shell script
             * @default null
             */
            run: string | null;
            /**
             * Action
             * @description A named action
             * @default null
             */
            action: string | null;
            /**
             * With
             * @default null
             */
            with: {
                [key: string]: unknown;
            } | null;
            /**
             * Agent
             * @default null
             */
            agent: string | null;
            /**
             * Agents
             * @description Several need a planner
             * @default null
             */
            agents: string[] | null;
            /**
             * Queue
             * @default null
             */
            queue: string | null;
            /**
             * Priority
             * @default null
             */
            priority: ("LOW" | "NORMAL" | "HIGH" | "CRITICAL" | "EMERGENCY") | null;
            /**
             * Title
             * @default null
             */
            title: string | null;
            /**
             * Cwd
             * @default null
             */
            cwd: string | null;
            /**
             * Env
             * @default null
             */
            env: {
                [key: string]: string;
            } | null;
            /** @default null */
            timeout: components["schemas"]["Timeouts"] | (string | number) | null;
            /** @default null */
            retry: components["schemas"]["Retry"] | null;
            /**
             * Outputs
             * @description A JSON Schema for each
             * @default null
             */
            outputs: {
                [key: string]: unknown;
            } | null;
            /**
             * Result Schema
             * @description A JSON Schema (`type: object`) of the whole result
             * @default null
             */
            result_schema: {
                [key: string]: unknown;
            } | null;
            /**
             * Gates
             * @default null
             */
            gates: (components["schemas"]["Gate"] | string)[] | null;
            /**
             * Verify
             * @description A probe asked after a lost run
             * @default null
             */
            verify: string | null;
            /**
             * Idempotent
             * @default null
             */
            idempotent: boolean | null;
            /**
             * On Uncertain
             * @default null
             */
            on_uncertain: ("verify" | "retry" | "fail" | "ask") | null;
            /**
             * Delay
             * @default null
             */
            delay: (string | number) | null;
            /**
             * Lock
             * @description No two tasks hold the same one; in the order of their submits
             * @default null
             */
            lock: string | null;
            /**
             * After
             * @description Ids or refs of tasks that must end well before it may start
             * @default null
             */
            after: string[] | null;
            /**
             * Approve
             * @description manual: ask in any case; auto: as `auto_approve`
             * @default null
             */
            approve: ("auto" | "manual") | null;
            /**
             * Auto Approve
             * @description An operator's yes in advance; never over always_ask
             * @default null
             */
            auto_approve: boolean | null;
            /**
             * Args
             * @default null
             */
            args: unknown[] | null;
            /**
             * Kwargs
             * @default null
             */
            kwargs: {
                [key: string]: unknown;
            } | null;
        };
        /**
         * Child
         * @description The execution that does a step: a sub-workflow's.
         */
        Child: {
            /** Id */
            id: string;
            /** Ref */
            ref: string;
        };
        /**
         * CompensateExecution
         * @description Undo what is in force, or go on with an undoing that failed.
         */
        CompensateExecution: {
            /**
             * Skip
             * @description Steps that are not undone
             */
            skip?: string[];
        };
        /**
         * CompensateSpec
         * @description How a step is undone.
         */
        CompensateSpec: {
            /**
             * Action
             * @default null
             */
            action: string | null;
            /**
             * Run
             * @default null
             */
            run: string | null;
            /**
             * On
             * @enum {string}
             */
            on: "succeeded" | "attempted";
        };
        /**
         * Compensation
         * @description The undoing of one step.
         */
        Compensation: {
            /** State */
            state: string;
            shown: components["schemas"]["Shown"];
            /** Task Id */
            task_id: string | null;
            /** Task Ref */
            task_ref: string | null;
            /** Order */
            order: number;
            /** Started At */
            started_at: number | null;
            /** Ended At */
            ended_at: number | null;
        };
        /**
         * CompleteTask
         * @description Hand back the result of the task; the last call counts.
         */
        CompleteTask: {
            /**
             * Result
             * @description A JSON object, at most 64 kB
             */
            result: {
                [key: string]: unknown;
            };
        };
        /**
         * Component
         * @description One part of the server.
         */
        Component: {
            /** Ok */
            ok: boolean;
            /** Detail */
            detail: string;
        };
        /**
         * CreateToken
         * @description Who gets it, and what it is good for.
         */
        CreateToken: {
            /** Name */
            name: string;
            /**
             * Role
             * @enum {string}
             */
            role: "viewer" | "approver" | "operator";
        };
        /**
         * DeadLetter
         * @description A task or a message that nobody will try again by itself.
         */
        DeadLetter: {
            /**
             * Kind
             * @enum {string}
             */
            kind: "task" | "message";
            /** Id */
            id: string;
            /** Ref */
            ref: string;
            /** Title */
            title: string;
            /** Queue */
            queue: string;
            /** Agent */
            agent: string;
            /** Reason */
            reason: string;
            error: components["schemas"]["Failure"] | null;
            /** Attempts */
            attempts: number;
            /** Generation */
            generation: number;
            /** Created At */
            created_at: number;
            /** Died At */
            died_at: number;
            /** Execution Id */
            execution_id: string | null;
            /** Step Id */
            step_id: string | null;
            /** Redrivable */
            redrivable: boolean;
            shown: components["schemas"]["Shown"];
            /** Url */
            url: string | null;
        };
        /**
         * DeadLetterDetail
         * @description A dead letter with its evidence.
         */
        DeadLetterDetail: {
            /**
             * Kind
             * @enum {string}
             */
            kind: "task" | "message";
            /** Id */
            id: string;
            /** Ref */
            ref: string;
            /** Title */
            title: string;
            /** Queue */
            queue: string;
            /** Agent */
            agent: string;
            /** Reason */
            reason: string;
            error: components["schemas"]["Failure"] | null;
            /** Attempts */
            attempts: number;
            /** Generation */
            generation: number;
            /** Created At */
            created_at: number;
            /** Died At */
            died_at: number;
            /** Execution Id */
            execution_id: string | null;
            /** Step Id */
            step_id: string | null;
            /** Redrivable */
            redrivable: boolean;
            shown: components["schemas"]["Shown"];
            /** Url */
            url: string | null;
            /** Payload */
            payload: {
                [key: string]: unknown;
            };
            /** Errors */
            errors: components["schemas"]["LetterError"][];
            /** Tail */
            tail: string;
            /** Diff */
            diff: string | null;
            /** Environment */
            environment: string[];
            /** Events */
            events: components["schemas"]["Frame"][];
            /** History */
            history: {
                [key: string]: unknown;
            }[];
        };
        /**
         * DeadLetterExport
         * @description A page of dead letters with all their evidence.
         */
        DeadLetterExport: {
            /** Items */
            items: components["schemas"]["DeadLetterDetail"][];
            /** Next */
            next: string | null;
        };
        /**
         * DeadLetterList
         * @description A page of dead letters and the number of each kind.
         */
        DeadLetterList: {
            /** Items */
            items: components["schemas"]["DeadLetter"][];
            /** Next */
            next: string | null;
            /** Counts */
            counts: {
                [key: string]: number;
            };
        };
        /**
         * DecideApproval
         * @description A yes or a no, about what has this digest.
         */
        DecideApproval: {
            /**
             * Digest
             * @description What was shown; absent: what is bound to it now
             * @default null
             */
            digest: string | null;
            /**
             * Note
             * @default
             */
            note: string;
            /**
             * Answers
             * @description Of the form
             */
            answers?: {
                [key: string]: unknown;
            };
        };
        /**
         * DefineWorkflow
         * @description A definition to keep.
         */
        DefineWorkflow: {
            /** Source */
            source: string;
            /**
             * File
             * @default workflow.yaml
             */
            file: string;
        };
        /**
         * Defined
         * @description A stored definition.
         */
        Defined: {
            /** Workflow */
            workflow: string;
            /** Hash */
            hash: string;
            /** Name */
            name: string;
        };
        /**
         * DefinitionChange
         * @description One difference between two versions.
         */
        DefinitionChange: {
            /** Kind */
            kind: string;
            /** Path */
            path: string;
            /** Before */
            before: unknown;
            /** After */
            after: unknown;
            /** Text */
            text: string;
        };
        /**
         * DelegateTask
         * @description Hand a piece of work to another agent; policy or a person may have to let it through.
         */
        DelegateTask: {
            /**
             * Prompt
             * @description What is to be done, with everything one must know for it
             */
            prompt: string;
            /**
             * Agent
             * @description Who does it; else routed by its words
             * @default null
             */
            agent: string | null;
            /**
             * Title
             * @default null
             */
            title: string | null;
            /**
             * Priority
             * @default null
             */
            priority: ("LOW" | "NORMAL" | "HIGH" | "CRITICAL" | "EMERGENCY") | null;
            /**
             * Result Schema
             * @description A JSON Schema (`type: object`) of the result you need
             * @default null
             */
            result_schema: {
                [key: string]: unknown;
            } | null;
            /**
             * Key
             * @description Two calls with one key are one task; else its words are the key
             * @default null
             */
            key: string | null;
            /**
             * Wait S
             * @description Wait so long for its end; call again to wait on
             * @default 0
             */
            wait_s: number;
        };
        /**
         * DeleteState
         * @description Which version is meant.
         */
        DeleteState: {
            /**
             * Version
             * @default null
             */
            version: number | null;
        };
        /**
         * DiscardLetter
         * @description Why it is put aside.
         */
        DiscardLetter: {
            /** Reason */
            reason: string;
        };
        /**
         * EventPublished
         * @description An event that was said; executions that it starts name its id (`started_by.event`).
         */
        EventPublished: {
            /** Id */
            id: string;
            /** Type */
            type: string;
            /** At */
            at: number;
        };
        /**
         * Events
         * @description Events in order; `reset`: the cursor sent is not of this log, read the state again.
         */
        Events: {
            /** Items */
            items: components["schemas"]["Frame"][];
            /** Cursor */
            cursor: string;
            /**
             * Reset
             * @default false
             */
            reset: boolean;
        };
        /**
         * ExecuteWorkflow
         * @description What to start an execution with.
         */
        ExecuteWorkflow: {
            /** Params */
            params?: {
                [key: string]: unknown;
            };
            /**
             * Cwd
             * @default null
             */
            cwd: string | null;
            /**
             * Source
             * @description Define and run at once
             * @default null
             */
            source: string | null;
            /**
             * File
             * @default null
             */
            file: string | null;
        };
        /**
         * Execution
         * @description A workflow's run.
         */
        Execution: {
            /** Id */
            id: string;
            /** Ref */
            ref: string;
            /** Name */
            name: string;
            /** Workflow */
            workflow: string;
            /** Definition */
            definition: string;
            /** Generation */
            generation: number;
            /** State */
            state: string;
            shown: components["schemas"]["Shown"];
            /** Params */
            params: {
                [key: string]: unknown;
            };
            /** Cwd */
            cwd: string | null;
            /** Created At */
            created_at: number;
            /** Started At */
            started_at: number | null;
            /** Ended At */
            ended_at: number | null;
            /** Reason */
            reason: string | null;
            error: components["schemas"]["Failure"] | null;
            /** Outputs */
            outputs: {
                [key: string]: unknown;
            } | null;
            /** Not Undone */
            not_undone: string[];
            /**
             * Forked From
             * @default null
             */
            forked_from: string | null;
            /** Started By */
            started_by: {
                [key: string]: unknown;
            } | null;
            /** Steps */
            steps: components["schemas"]["Step"][];
            /** Url */
            url: string;
        };
        /**
         * ExecutionExplained
         * @description Why an execution has not ended.
         */
        ExecutionExplained: {
            /** Id */
            id: string;
            /** Ref */
            ref: string;
            /** State */
            state: string;
            shown: components["schemas"]["Shown"];
            /** Ended */
            ended: boolean;
            /** Reasons */
            reasons: components["schemas"]["Reason"][];
            /** Steps */
            steps: components["schemas"]["StepExplained"][];
            /** Total */
            total: number;
            /** At */
            at: number;
        };
        /**
         * ExecutionList
         * @description A page of executions and the number in each state.
         */
        ExecutionList: {
            /** Items */
            items: components["schemas"]["Execution"][];
            /** Next */
            next: string | null;
            /** Counts */
            counts: {
                [key: string]: number;
            };
        };
        /**
         * ExecutionSummary
         * @description Graph and timeline in one document.
         */
        ExecutionSummary: {
            /** Id */
            id: string;
            /** Ref */
            ref: string;
            /** Name */
            name: string;
            /** Workflow */
            workflow: string;
            /** Definition */
            definition: string;
            /** Generation */
            generation: number;
            /** State */
            state: string;
            shown: components["schemas"]["Shown"];
            /** Params */
            params: {
                [key: string]: unknown;
            };
            /** Cwd */
            cwd: string | null;
            /** Created At */
            created_at: number;
            /** Started At */
            started_at: number | null;
            /** Ended At */
            ended_at: number | null;
            /** Reason */
            reason: string | null;
            error: components["schemas"]["Failure"] | null;
            /** Outputs */
            outputs: {
                [key: string]: unknown;
            } | null;
            /** Not Undone */
            not_undone: string[];
            /**
             * Forked From
             * @default null
             */
            forked_from: string | null;
            /** Started By */
            started_by: {
                [key: string]: unknown;
            } | null;
            /** Steps */
            steps: components["schemas"]["Step"][];
            /** Url */
            url: string;
            graph: components["schemas"]["Graph"];
            /** Cursor */
            cursor: string;
            spent: components["schemas"]["Spent"] | null;
        };
        /**
         * Exit
         * @description How a command ended.
         */
        Exit: {
            /** Code */
            code: number | null;
            /** Signal */
            signal: number | null;
        };
        /**
         * FailTask
         * @description Say that the task cannot be done, and why.
         */
        FailTask: {
            /** Reason */
            reason: string;
            /**
             * Retryable
             * @description false: another attempt would fail as well
             * @default true
             */
            retryable: boolean;
        };
        /**
         * Failure
         * @description Why something failed.
         */
        Failure: {
            /** Kind */
            kind: string;
            /** Message */
            message: string;
        };
        /**
         * ForkExecution
         * @description Start a new execution that takes over what is in force.
         */
        ForkExecution: {
            /**
             * Step
             * @description It begins here; absent: what is left
             * @default null
             */
            step: string | null;
            /**
             * Params
             * @description Inputs that change
             * @default null
             */
            params: {
                [key: string]: unknown;
            } | null;
        };
        /**
         * FormatSchema
         * @description The JSON Schema of definitions; its keys are those of JSON Schema.
         */
        FormatSchema: {
            [key: string]: unknown;
        };
        /**
         * Frame
         * @description One event of the log.
         */
        Frame: {
            /** Pos */
            pos: number;
            /**
             * Topic
             * @enum {string}
             */
            topic: "tasks" | "executions" | "agents" | "approvals" | "state" | "notices" | "system";
            /** Type */
            type: string;
            /** Id */
            id: string;
            /** At */
            at: number;
            /** Actor */
            actor: string;
            /** Execution Id */
            execution_id: string | null;
            /** Data */
            data: {
                [key: string]: unknown;
            };
        };
        /**
         * Gate
         * @description One command that must succeed before the task has.
         */
        Gate: {
            /**
             * Name
             * @default null
             */
            name: string | null;
            /** Run */
            run: string;
        };
        /**
         * Graph
         * @description The edges from a step to those that depend on it.
         */
        Graph: {
            /** Edges */
            edges: string[][];
        };
        /**
         * HandBack
         * @description A person lets the agent go on.
         */
        HandBack: {
            /**
             * Note
             * @description What the agent is told of what was done meanwhile
             * @default
             */
            note: string;
        };
        /**
         * HandledLetter
         * @description What became of a dead letter.
         */
        HandledLetter: {
            /**
             * Kind
             * @enum {string}
             */
            kind: "task" | "message";
            /** Id */
            id: string;
            /** Ref */
            ref: string;
            /** Title */
            title: string;
            /** Queue */
            queue: string;
            /** Generation */
            generation: number;
            /**
             * State
             * @enum {string}
             */
            state: "ready" | "discarded";
            /** Url */
            url: string | null;
        };
        /**
         * Head
         * @description The newest position and the head of the hash chain.
         */
        Head: {
            /** Cursor */
            cursor: string;
            /** Hash */
            hash: string;
        };
        /**
         * Health
         * @description With a token every field, without one the first two.
         */
        Health: {
            /**
             * Status
             * @enum {string}
             */
            status: "ok" | "degraded";
            /** Version */
            version: string;
            /**
             * Components
             * @default null
             */
            components: {
                [key: string]: components["schemas"]["Component"];
            } | null;
            /**
             * Cursor
             * @default null
             */
            cursor: string | null;
            /**
             * Pid
             * @default null
             */
            pid: number | null;
            /**
             * Uptime Ms
             * @default null
             */
            uptime_ms: number | null;
            /**
             * Home
             * @default null
             */
            home: string | null;
        };
        /**
         * HookExecution
         * @description An execution that a delivery started.
         */
        HookExecution: {
            /** Id */
            id: string;
            /** Ref */
            ref: string;
            /** Workflow */
            workflow: string;
        };
        /**
         * HookTaken
         * @description What a delivery started; `skipped`: workflows whose condition did not hold.
         */
        HookTaken: {
            /** Executions */
            executions: components["schemas"]["HookExecution"][];
            /** Skipped */
            skipped: number;
        };
        /**
         * Host
         * @description One home that shares the database.
         */
        Host: {
            /** Name */
            name: string;
            /**
             * State
             * @enum {string}
             */
            state: "up" | "unreachable" | "lost";
            /** Here */
            here: boolean;
            /** Home */
            home: string;
            /** Seen At */
            seen_at: number;
            /** Lost By */
            lost_by: string;
            fencing: components["schemas"]["HostFencing"] | null;
            /** Slots */
            slots: number;
            /** Busy */
            busy: number;
            /** Tasks */
            tasks: {
                [key: string]: number;
            };
            /** Workers */
            workers: components["schemas"]["HostWorker"][];
        };
        /**
         * HostFencing
         * @description What became of the fencing hook of a host that nobody hears of.
         */
        HostFencing: {
            /**
             * State
             * @enum {string}
             */
            state: "asked" | "failed" | "refused" | "confirmed";
            /** Tries */
            tries: number;
            /** At */
            at: number;
            /** Next At */
            next_at: number;
            /** Said */
            said: string;
        };
        /**
         * HostList
         * @description The hosts.
         */
        HostList: {
            /** Items */
            items: components["schemas"]["Host"][];
        };
        /**
         * HostLost
         * @description What was decided with a host that is lost.
         */
        HostLost: {
            /** Name */
            name: string;
            /** Tasks */
            tasks: string[];
        };
        /**
         * HostWorker
         * @description One process of a host.
         */
        HostWorker: {
            /** Id */
            id: string;
            /** Pid */
            pid: number;
            /**
             * Role
             * @enum {string}
             */
            role: "server" | "worker";
            /** Queues */
            queues: string[];
            /** Slots */
            slots: number;
            /** Busy */
            busy: number;
            /** Started At */
            started_at: number;
            /** Lost */
            lost: boolean;
        };
        /**
         * IfFailed
         * @description What follows when a step fails for good.
         */
        IfFailed: {
            /** Stops */
            stops: string[];
            /** Starts */
            starts: string[];
            /** Skips */
            skips: string[];
            /** Undoes */
            undoes: string[][];
            /** Not Undone */
            not_undone: string[];
            /** Ends */
            ends: string | null;
        };
        /**
         * IfWell
         * @description What follows when a step ends well.
         */
        IfWell: {
            /** Starts */
            starts: string[];
            /** Cached */
            cached: string[];
            /** Skips */
            skips: components["schemas"]["Skip"][];
            /** Undecided */
            undecided: string[];
            /** Ends */
            ends: string | null;
        };
        /**
         * ImportWorkflow
         * @description A workflow of another system.
         */
        ImportWorkflow: {
            /** Source */
            source: string;
            /**
             * File
             * @default workflow.yaml
             */
            file: string;
            /**
             * Origin
             * @description whose format it is; nothing: by its looks
             * @default null
             */
            origin: ("github" | "dagu") | null;
        };
        /**
         * Instance
         * @description One of the many that a step with `matrix` or `foreach` became.
         */
        Instance: {
            /** Id */
            id: string;
            /** Item */
            item: unknown;
            /** State */
            state: string;
            shown: components["schemas"]["Shown"];
            /** Task Id */
            task_id: string | null;
            /** Task Ref */
            task_ref: string | null;
            /** Attempt */
            attempt: number;
            /** Started At */
            started_at: number | null;
            /** Ended At */
            ended_at: number | null;
            /** Reason */
            reason: string | null;
            error: components["schemas"]["Failure"] | null;
            /** Outputs */
            outputs: {
                [key: string]: unknown;
            } | null;
            compensation: components["schemas"]["Compensation"] | null;
            /** @default null */
            execution: components["schemas"]["Child"] | null;
        };
        /**
         * Instances
         * @description The instances of a step; of very many only the most interesting ones as items.
         */
        Instances: {
            /** Total */
            total: number;
            /** Counts */
            counts: {
                [key: string]: number;
            };
            /** Items */
            items: components["schemas"]["Instance"][];
        };
        JsonValue: unknown;
        /**
         * Late
         * @description What a run reported after it had been decided without it; nothing changed by it.
         */
        Late: {
            /** At */
            at: number;
            /** Outcome */
            outcome: string;
        };
        /**
         * LeftAlone
         * @description Something that gets no work for a while because it failed again and again.
         */
        LeftAlone: {
            /** Name */
            name: string;
            /**
             * State
             * @enum {string}
             */
            state: "open" | "half_open";
            /** Until */
            until: number | null;
            /** Reason */
            reason: string;
        };
        /**
         * LeftRunning
         * @description A task that goes on without the server.
         */
        LeftRunning: {
            /** Ref */
            ref: string;
            /** Agent */
            agent: string;
            /** Title */
            title: string;
        };
        /**
         * LetterError
         * @description One error of its chain.
         */
        LetterError: {
            /** At */
            at: number;
            /** Attempt */
            attempt: number | null;
            /** Run */
            run: number | null;
            /** Kind */
            kind: string;
            /** Message */
            message: string;
        };
        /**
         * LimitQueue
         * @description How many tasks run at once; null: as the configuration says.
         */
        LimitQueue: {
            /** Limit */
            limit: number | null;
        };
        /**
         * Lock
         * @description What no two tasks hold at once.
         */
        Lock: {
            /** Name */
            name: string;
            /** Holder */
            holder: string | null;
        };
        /**
         * MessageQueue
         * @description A queue of the broker's own messages.
         */
        MessageQueue: {
            /** Name */
            name: string;
            /**
             * Kind
             * @constant
             */
            kind: "message";
            /** Ready */
            ready: number;
            /** Delayed */
            delayed: number;
            /** Leased */
            leased: number;
            /** Dead */
            dead: number;
        };
        /**
         * MessageSent
         * @description A message that was enqueued.
         */
        MessageSent: {
            /** Message Id */
            message_id: string;
        };
        /**
         * Nothing
         * @description A POST whose address says everything: no body, or an empty object.
         */
        Nothing: Record<string, never>;
        /**
         * OpenSession
         * @description A token to be exchanged for a cookie.
         */
        OpenSession: {
            /** Token */
            token: string;
        };
        /**
         * Parked
         * @description What a limit of an account makes a task wait for; no attempt is used.
         */
        Parked: {
            /** Why */
            why: string;
            /** Kind */
            kind: string;
            /** Account */
            account: string | null;
            /** Until */
            until: number;
            /** Command */
            command: string | null;
        };
        /**
         * PauseQueue
         * @description Why it is paused.
         */
        PauseQueue: {
            /**
             * Reason
             * @default
             */
            reason: string;
        };
        /**
         * PauseSchedule
         * @description Why it is paused.
         */
        PauseSchedule: {
            /**
             * Reason
             * @default
             */
            reason: string;
        };
        /**
         * Problem
         * @description RFC 9457: what went wrong, where, and what to do.
         */
        Problem: {
            /** Type */
            type: string;
            /** Title */
            title: string;
            /** Status */
            status: number;
            /** Detail */
            detail: string;
            /** Code */
            code: string;
            /** Hint */
            hint: string;
            /** Pointer */
            pointer: string | null;
            /** Id */
            id: string;
            /**
             * Problems
             * @default null
             */
            problems: {
                [key: string]: unknown;
            }[] | null;
        };
        /**
         * PublishEvent
         * @description An event for everybody: for steps and workflows that wait for its type, and in the log.
         */
        PublishEvent: {
            /**
             * Type
             * @description Lower-case words with dots, like deploy.finished
             */
            type: string;
            /**
             * Data
             * @description What it says, up to 64 KiB of JSON
             */
            data?: {
                [key: string]: components["schemas"]["JsonValue"];
            };
        };
        /**
         * PurgeQueue
         * @description Why what waits is cancelled.
         */
        PurgeQueue: {
            /**
             * Reason
             * @default
             */
            reason: string;
        };
        /**
         * Question
         * @description Something an agent at work asks, or asked.
         */
        Question: {
            /** Id */
            id: string;
            /** Ref */
            ref: string;
            /** Task Id */
            task_id: string;
            /** Run */
            run: number;
            /** Execution Id */
            execution_id: string | null;
            /** Step Id */
            step_id: string | null;
            /** Agent */
            agent: string;
            /** Title */
            title: string;
            /**
             * What
             * @enum {string}
             */
            what: "permission" | "question";
            /** Tool */
            tool: string;
            /** Input */
            input: {
                [key: string]: unknown;
            };
            /** Text */
            text: string;
            /** Options */
            options: string[];
            /** Asks */
            asks: string;
            /** Answers */
            answers: string[];
            /**
             * State
             * @enum {string}
             */
            state: "open" | "answered" | "gone";
            shown: components["schemas"]["Shown"];
            /** Created At */
            created_at: number;
            /** Decision */
            decision: ("allow" | "deny" | "answer") | null;
            /** By */
            by: string | null;
            /** Via */
            via: ("person" | "policy") | null;
            /** Said */
            said: string;
            /** Note */
            note: string;
            /** Given */
            given: {
                [key: string]: unknown;
            } | null;
            /** Decided At */
            decided_at: number | null;
            /** Delivered At */
            delivered_at: number | null;
            /** Reason */
            reason: string | null;
            /** Advisory */
            advisory: boolean;
        };
        /**
         * QuestionList
         * @description A page of questions.
         */
        QuestionList: {
            /** Items */
            items: components["schemas"]["Question"][];
            /** Next */
            next: string | null;
            /** Counts */
            counts: {
                [key: string]: number;
            };
            /** Advisory */
            advisory: boolean;
        };
        /**
         * Queue
         * @description One queue and how full it is.
         */
        Queue: {
            /** Name */
            name: string;
            /** Ready */
            ready: number;
            /** Scheduled */
            scheduled: number;
            /** Running */
            running: number;
            /** Limit */
            limit: number | null;
            /** Oldest Ready At */
            oldest_ready_at: number | null;
            /** Paused */
            paused: boolean;
            shown: components["schemas"]["Shown"];
        };
        /**
         * QueueDetail
         * @description One queue, with what was done to it.
         */
        QueueDetail: {
            /** Name */
            name: string;
            /** Ready */
            ready: number;
            /** Scheduled */
            scheduled: number;
            /** Running */
            running: number;
            /** Limit */
            limit: number | null;
            /** Oldest Ready At */
            oldest_ready_at: number | null;
            /** Paused */
            paused: boolean;
            shown: components["schemas"]["Shown"];
            /** States */
            states: {
                [key: string]: number;
            };
            /** Configured Limit */
            configured_limit: number | null;
            /** Limit By Person */
            limit_by_person: boolean;
            /** Ended Per Minute */
            ended_per_minute: number;
            /** History */
            history: components["schemas"]["Frame"][];
        };
        /**
         * QueueList
         * @description The queues of tasks, and those of the broker's messages.
         */
        QueueList: {
            /** Items */
            items: components["schemas"]["Queue"][];
            /** Messages */
            messages: components["schemas"]["MessageQueue"][];
        };
        /**
         * QueuePurged
         * @description How many waiting tasks were cancelled.
         */
        QueuePurged: {
            /** Name */
            name: string;
            /** Cancelled */
            cancelled: number;
        };
        /**
         * ReadState
         * @description Read a key of the state that all agents share.
         */
        ReadState: {
            /** Key */
            key: string;
        };
        /**
         * Reason
         * @description One reason why something waits.
         */
        Reason: {
            /** Code */
            code: string;
            /** Text */
            text: string;
            /** About */
            about: string[];
            /** Command */
            command: string | null;
            /** Until */
            until: number | null;
        };
        /**
         * Redrive
         * @description A re-drive of many dead letters, and how far it is.
         */
        Redrive: {
            /** Id */
            id: string;
            /**
             * State
             * @enum {string}
             */
            state: "running" | "ended";
            /** Criteria */
            criteria: {
                [key: string]: unknown;
            };
            /** Rate */
            rate: string | null;
            /** Actor */
            actor: string;
            /** Total */
            total: number;
            /** Done */
            done: number;
            /** Skipped */
            skipped: number;
            /** Started At */
            started_at: number;
            /** Ended At */
            ended_at: number | null;
        };
        /**
         * RedriveLetter
         * @description Why, and what is changed.
         */
        RedriveLetter: {
            /** @default null */
            changes: components["schemas"]["Changes"] | null;
            /**
             * Reason
             * @default
             */
            reason: string;
        };
        /**
         * RedriveLetters
         * @description Which dead letters run again, and how fast; nothing given means all of them.
         */
        RedriveLetters: {
            /**
             * Kind
             * @default null
             */
            kind: ("task" | "message") | null;
            /**
             * Queue
             * @default null
             */
            queue: string | null;
            /**
             * Reason
             * @default null
             */
            reason: string | null;
            /**
             * Agent
             * @default null
             */
            agent: string | null;
            /**
             * Since
             * @default null
             */
            since: number | null;
            /**
             * Rate
             * @description `5/s` or `30/m`; absent: as fast as it goes
             * @default null
             */
            rate: string | null;
        };
        /**
         * RedriveList
         * @description The newest re-drives of many.
         */
        RedriveList: {
            /** Items */
            items: components["schemas"]["Redrive"][];
        };
        /**
         * ReportProgress
         * @description Tell the people who watch how the work goes.
         */
        ReportProgress: {
            /**
             * Text
             * @description One or two sentences
             */
            text: string;
        };
        /**
         * RequestApproval
         * @description Ask a person whether you may do something; do it only once `allowed` is true.
         */
        RequestApproval: {
            /**
             * Ref
             * @description Wait on for what an earlier call of this tool asked
             * @default null
             */
            ref: string | null;
            /**
             * Wait S
             * @default 50
             */
            wait_s: number;
            /**
             * What
             * @description What you are about to do, and why
             * @default null
             */
            what: string | null;
            /**
             * Tool
             * @description The tool that you would use
             * @default null
             */
            tool: string | null;
            /**
             * Input
             * @description What you would give it
             */
            input?: {
                [key: string]: unknown;
            };
        };
        /**
         * Resilience
         * @description Breakers, restarts and rollbacks, the newest first.
         */
        Resilience: {
            /** Breakers */
            breakers: components["schemas"]["Breaker"][];
            /** Restarts */
            restarts: components["schemas"]["Restart"][];
            /** Rollbacks */
            rollbacks: components["schemas"]["Rollback"][];
        };
        /**
         * ResolveTask
         * @description A person's answer to "what happened?" in an uncertain task.
         */
        ResolveTask: {
            /**
             * Outcome
             * @enum {string}
             */
            outcome: "succeeded" | "retry" | "failed";
            /**
             * Note
             * @default
             */
            note: string;
        };
        /**
         * Restart
         * @description Something that was started again, or stopped.
         */
        Restart: {
            /** What */
            what: string;
            /** At */
            at: number;
            /** Data */
            data: {
                [key: string]: unknown;
            };
        };
        /**
         * Retry
         * @description How often and how late a failed attempt is made again.
         */
        Retry: {
            /**
             * Max Attempts
             * @default null
             */
            max_attempts: number | null;
            /**
             * Delay
             * @default null
             */
            delay: (string | number) | null;
            /**
             * Factor
             * @default null
             */
            factor: number | null;
            /**
             * Max Delay
             * @default null
             */
            max_delay: (string | number) | null;
            /**
             * Jitter
             * @default null
             */
            jitter: number | null;
            /**
             * Deadline
             * @default null
             */
            deadline: (string | number) | null;
            /**
             * On
             * @default null
             */
            on: string[] | null;
            /**
             * Not On
             * @default null
             */
            not_on: string[] | null;
            /**
             * Exit Codes
             * @default null
             */
            exit_codes: number[] | null;
            /**
             * If
             * @description Over `failure`; false: no further attempt
             * @default null
             */
            if: string | null;
            /**
             * Prompt
             * @description What the next attempt is told; may hold `${{ failure.… }}`
             * @default null
             */
            prompt: string | null;
            /**
             * Agent
             * @description Who makes the further attempts
             * @default null
             */
            agent: string | null;
        };
        /**
         * RetryExecution
         * @description Run again what is not in force, and a chosen step with all that depends on it.
         */
        RetryExecution: {
            /**
             * Step
             * @description Absent: only what is not in force
             * @default null
             */
            step: string | null;
            /**
             * Params
             * @description Inputs that change
             * @default null
             */
            params: {
                [key: string]: unknown;
            } | null;
            /**
             * Failed Only
             * @description Of a step with many: not all instances
             * @default false
             */
            failed_only: boolean;
        };
        /**
         * RewindExecution
         * @description Go back to a step, which is told why.
         */
        RewindExecution: {
            /** Step */
            step: string;
            /** Feedback */
            feedback: string;
        };
        /**
         * Rollback
         * @description An execution whose steps are or were undone.
         */
        Rollback: {
            /** Id */
            id: string;
            /** Ref */
            ref: string;
            /** Workflow */
            workflow: string;
            /**
             * State
             * @enum {string}
             */
            state: "compensating" | "compensated" | "compensation_failed";
            /** Reason */
            reason: string;
            /** Failed Step */
            failed_step: string;
            /** Ended At */
            ended_at: number | null;
        };
        /**
         * RunningTask
         * @description What an agent works on.
         */
        RunningTask: {
            /** Id */
            id: string;
            /** Ref */
            ref: string;
            /** Title */
            title: string;
            /** Started At */
            started_at: number | null;
        };
        /**
         * Schedule
         * @description When a workflow starts by itself; `next` holds the coming times.
         */
        Schedule: {
            /** Id */
            id: string;
            /** Workflow */
            workflow: string;
            /** Definition */
            definition: string;
            /** Cron */
            cron: string;
            /** Tz */
            tz: string;
            /** Catchup Ms */
            catchup_ms: number;
            /**
             * Overlap
             * @enum {string}
             */
            overlap: "skip" | "queue" | "cancel_running" | "allow";
            /** Inputs */
            inputs: {
                [key: string]: unknown;
            };
            /**
             * State
             * @enum {string}
             */
            state: "active" | "paused";
            /** Reason */
            reason: string | null;
            /** Next */
            next: number[];
            last: components["schemas"]["ScheduleTick"] | null;
            /** Created At */
            created_at: number;
            /** Updated At */
            updated_at: number;
        };
        /**
         * ScheduleDetail
         * @description One schedule with its newest firings.
         */
        ScheduleDetail: {
            /** Id */
            id: string;
            /** Workflow */
            workflow: string;
            /** Definition */
            definition: string;
            /** Cron */
            cron: string;
            /** Tz */
            tz: string;
            /** Catchup Ms */
            catchup_ms: number;
            /**
             * Overlap
             * @enum {string}
             */
            overlap: "skip" | "queue" | "cancel_running" | "allow";
            /** Inputs */
            inputs: {
                [key: string]: unknown;
            };
            /**
             * State
             * @enum {string}
             */
            state: "active" | "paused";
            /** Reason */
            reason: string | null;
            /** Next */
            next: number[];
            last: components["schemas"]["ScheduleTick"] | null;
            /** Created At */
            created_at: number;
            /** Updated At */
            updated_at: number;
            /** Ticks */
            ticks: components["schemas"]["ScheduleTick"][];
        };
        /**
         * ScheduleList
         * @description Every schedule.
         */
        ScheduleList: {
            /** Items */
            items: components["schemas"]["Schedule"][];
        };
        /**
         * ScheduleTick
         * @description What became of one firing; `tick` is its time.
         */
        ScheduleTick: {
            /** Tick */
            tick: number;
            /**
             * Kind
             * @enum {string}
             */
            kind: "cron" | "backfill" | "manual";
            /**
             * State
             * @enum {string}
             */
            state: "queued" | "started" | "skipped";
            /** At */
            at: number;
            /** Reason */
            reason: string | null;
            /** Message */
            message: string | null;
            /** Execution Id */
            execution_id: string | null;
            /** Execution Ref */
            execution_ref: string | null;
            /** Execution State */
            execution_state: string | null;
        };
        /**
         * SendMessage
         * @description An ordinary Dramatiq message.
         */
        SendMessage: {
            /** Actor */
            actor: string;
            /** Args */
            args?: unknown[];
            /** Kwargs */
            kwargs?: {
                [key: string]: unknown;
            };
            /**
             * Queue
             * @default null
             */
            queue: string | null;
        };
        /**
         * Session
         * @description Who is logged in; unsafe methods by cookie carry `csrf` as `X-CSRF`.
         */
        Session: {
            /** Actor */
            actor: string;
            /** Csrf */
            csrf: string | null;
            /** Expires At */
            expires_at: number | null;
        };
        /**
         * SessionList
         * @description Every session of the terminal.
         */
        SessionList: {
            /** Items */
            items: components["schemas"]["TerminalSession"][];
        };
        /**
         * SetOutput
         * @description Go on as if a step had delivered these outputs.
         */
        SetOutput: {
            /** Step */
            step: string;
            /** Outputs */
            outputs: {
                [key: string]: unknown;
            };
        };
        /**
         * SetState
         * @description A new value; any JSON.
         */
        SetState: {
            /** Value */
            value: unknown;
            /**
             * Version
             * @description the version that was read; 0: the key must not exist
             * @default null
             */
            version: number | null;
            /**
             * Ttl
             * @description after this time the key is gone
             * @default null
             */
            ttl: (string | number) | null;
        };
        /**
         * Shown
         * @description How a state is shown to people.
         */
        Shown: {
            /** Word */
            word: string;
            /** Icon */
            icon: string;
            /**
             * Family
             * @enum {string}
             */
            family: "running" | "waiting" | "ok" | "failed" | "healing" | "idle";
        };
        /**
         * Signal
         * @description A signal for an execution: kept until a step that waits for its name takes it.
         */
        Signal: {
            /**
             * @description What the step gets, up to 64 KiB of JSON
             * @default null
             */
            data: components["schemas"]["JsonValue"];
            /**
             * Source
             * @default
             */
            source: string;
            /**
             * Message Id
             * @description The same one again from the same source changes nothing
             * @default
             */
            message_id: string;
        };
        /**
         * Skip
         * @description A step that is not run.
         */
        Skip: {
            /** Step */
            step: string;
            /** Reason */
            reason: string;
        };
        /**
         * SkipStep
         * @description Go on without a step: what depends on it runs.
         */
        SkipStep: {
            /** Step */
            step: string;
        };
        /**
         * Snapshot
         * @description A copy of the whole state.
         */
        Snapshot: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            /** Pos */
            pos: number;
            /** Keys */
            keys: number;
            /** Created At */
            created_at: number;
            /** Created By */
            created_by: string;
        };
        /**
         * SnapshotDetail
         * @description A snapshot with what it holds.
         */
        SnapshotDetail: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            /** Pos */
            pos: number;
            /** Keys */
            keys: number;
            /** Created At */
            created_at: number;
            /** Created By */
            created_by: string;
            /** Entries */
            entries: components["schemas"]["SnapshotEntry"][];
        };
        /**
         * SnapshotEntry
         * @description One key of a snapshot.
         */
        SnapshotEntry: {
            /** Key */
            key: string;
            /** Value */
            value: unknown;
            /** Version */
            version: number;
            /** Expires At */
            expires_at: number | null;
        };
        /**
         * SnapshotList
         * @description The newest snapshots.
         */
        SnapshotList: {
            /** Items */
            items: components["schemas"]["Snapshot"][];
        };
        /**
         * SnapshotRestored
         * @description How many keys a restore set and deleted.
         */
        SnapshotRestored: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            /** Changed */
            changed: number;
            /** Deleted */
            deleted: number;
        };
        /**
         * Spent
         * @description What runs used together, as their programs told.
         */
        Spent: {
            /** Runs */
            runs: number;
            /** Input */
            input: number;
            /** Output */
            output: number;
            /** Cache Read */
            cache_read: number;
            /** Cache Write */
            cache_write: number;
            /** Cost Usd */
            cost_usd: number | null;
        };
        /**
         * Start
         * @description One start of a run, and why.
         */
        Start: {
            /** Task Id */
            task_id: string;
            /** Ref */
            ref: string;
            /** Run */
            run: number;
            /** Attempt */
            attempt: number;
            /** Step Id */
            step_id: string | null;
            /** Execution Id */
            execution_id: string | null;
            /** At */
            at: number;
            /** Cause */
            cause: string;
        };
        /**
         * Starts
         * @description Every start of a run.
         */
        Starts: {
            /** Items */
            items: components["schemas"]["Start"][];
        };
        /**
         * StateDeletion
         * @description A key that is gone, and the version of its deletion.
         */
        StateDeletion: {
            /** Key */
            key: string;
            /** Version */
            version: number;
        };
        /**
         * StateEntry
         * @description The newest value of a key.
         */
        StateEntry: {
            /** Key */
            key: string;
            /** Value */
            value: unknown;
            /** Version */
            version: number;
            /** Updated At */
            updated_at: number;
            /** Updated By */
            updated_by: string;
            /** Expires At */
            expires_at: number | null;
        };
        /**
         * StateHistory
         * @description The events of a key, the oldest first.
         */
        StateHistory: {
            /** Items */
            items: components["schemas"]["Frame"][];
        };
        /**
         * StateList
         * @description A page of keys, in order.
         */
        StateList: {
            /** Items */
            items: components["schemas"]["StateEntry"][];
            /** Next */
            next: string | null;
        };
        /**
         * Step
         * @description One step of an execution.
         */
        Step: {
            /** Id */
            id: string;
            /** State */
            state: string;
            shown: components["schemas"]["Shown"];
            /** Agent */
            agent: string | null;
            /** Kind */
            kind: string;
            /** Action */
            action: string | null;
            /** Depends On */
            depends_on: string[];
            /** Task Id */
            task_id: string | null;
            /** Task Ref */
            task_ref: string | null;
            /** Attempt */
            attempt: number;
            /** Max Attempts */
            max_attempts: number;
            /** Started At */
            started_at: number | null;
            /** Ended At */
            ended_at: number | null;
            /** Reason */
            reason: string | null;
            error: components["schemas"]["Failure"] | null;
            /** Outputs */
            outputs: {
                [key: string]: unknown;
            } | null;
            compensate: components["schemas"]["CompensateSpec"] | null;
            compensation: components["schemas"]["Compensation"] | null;
            /** @default null */
            instances: components["schemas"]["Instances"] | null;
            /** @default null */
            waiting: components["schemas"]["Waiting"] | null;
            /** @default null */
            execution: components["schemas"]["Child"] | null;
        };
        /**
         * StepExplained
         * @description Why a step is not closed.
         */
        StepExplained: {
            /** Id */
            id: string;
            /** State */
            state: string;
            /** Task Ref */
            task_ref: string | null;
            /** Reasons */
            reasons: components["schemas"]["Reason"][];
            if_well: components["schemas"]["IfWell"] | null;
            if_failed: components["schemas"]["IfFailed"] | null;
        };
        /**
         * StepPlanned
         * @description What one step would do.
         */
        StepPlanned: {
            /** Id */
            id: string;
            /** Kind */
            kind: string;
            /** Level */
            level: number;
            /** Depends On */
            depends_on: string[];
            /** When */
            when: string;
            /** Agent */
            agent: string | null;
            /** Routed By */
            routed_by: string | null;
            /** Condition */
            condition: string;
            /** Skipped */
            skipped: string | null;
            /** Many */
            many: boolean;
            /** Instances */
            instances: number | null;
            /** Waits */
            waits: components["schemas"]["Reason"][];
        };
        /**
         * StopServer
         * @description Whether the agents stop as well.
         */
        StopServer: {
            /**
             * Stop Agents
             * @default false
             */
            stop_agents: boolean;
        };
        /**
         * Stopping
         * @description What goes on after the server has ended.
         */
        Stopping: {
            /** Left Running */
            left_running: components["schemas"]["LeftRunning"][];
        };
        /**
         * Subscribe
         * @description The first message of a socket: which topics, and from where on.
         */
        Subscribe: {
            /** Subscribe */
            subscribe: ("*" | "tasks" | "executions" | "agents" | "approvals" | "state" | "notices" | "system")[];
            /**
             * After
             * @default null
             */
            after: string | null;
        };
        /**
         * TakeSnapshot
         * @description How the snapshot is called.
         */
        TakeSnapshot: {
            /**
             * Name
             * @default
             */
            name: string;
        };
        /**
         * TakenOver
         * @description Who has a task in hand instead of its agent.
         */
        TakenOver: {
            /** By */
            by: string;
            /** Since */
            since: number;
            /**
             * Phase
             * @enum {string}
             */
            phase: "asked" | "screen" | "back";
        };
        /**
         * Task
         * @description One unit of queue work.
         */
        Task: {
            /** Id */
            id: string;
            /** Ref */
            ref: string;
            /** Title */
            title: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "prompt" | "run" | "action";
            /** Prompt */
            prompt: string | null;
            /** Run */
            run: string | null;
            /** Action */
            action: string | null;
            /** With */
            with: {
                [key: string]: unknown;
            } | null;
            /** Agent */
            agent: string;
            /** Queue */
            queue: string;
            /** Priority */
            priority: string;
            /** State */
            state: string;
            shown: components["schemas"]["Shown"];
            /** Attempt */
            attempt: number;
            /** Max Attempts */
            max_attempts: number;
            /** Run Number */
            run_number: number;
            /** Adapter */
            adapter: string;
            /** Fake */
            fake: boolean;
            /** Execution Id */
            execution_id: string | null;
            /** Step Id */
            step_id: string | null;
            /**
             * Purpose
             * @enum {string}
             */
            purpose: "task" | "step" | "compensation";
            /** Created At */
            created_at: number;
            /** Due At */
            due_at: number | null;
            /** Started At */
            started_at: number | null;
            /** Ended At */
            ended_at: number | null;
            /** Reason */
            reason: string | null;
            error: components["schemas"]["Failure"] | null;
            /** Outputs */
            outputs: {
                [key: string]: unknown;
            } | null;
            /** Routed By */
            routed_by: string | null;
            /** Cwd */
            cwd: string | null;
            lock: components["schemas"]["Lock"] | null;
            /** Waits For */
            waits_for: string[];
            /** Question */
            question: string | null;
            taken_over: components["schemas"]["TakenOver"] | null;
            parked: components["schemas"]["Parked"] | null;
            /** Evidence */
            evidence: ("E1" | "E2" | "E3" | "E4" | "E5")[];
            /** Verified */
            verified: boolean | null;
            /** Last Output At */
            last_output_at: number | null;
            /** Stuck Since */
            stuck_since: number | null;
            /** Url */
            url: string;
        };
        /**
         * TaskAttempts
         * @description The attempts of a task that have ended, oldest first, and what they used together.
         */
        TaskAttempts: {
            /** Items */
            items: components["schemas"]["Attempt"][];
            spent: components["schemas"]["Spent"] | null;
        };
        /**
         * TaskExplained
         * @description Why a task has not ended.
         */
        TaskExplained: {
            /** Id */
            id: string;
            /** Ref */
            ref: string;
            /** State */
            state: string;
            shown: components["schemas"]["Shown"];
            /** Ended */
            ended: boolean;
            /** Reasons */
            reasons: components["schemas"]["Reason"][];
            /** Execution Id */
            execution_id: string | null;
            /** Step Id */
            step_id: string | null;
            /** At */
            at: number;
        };
        /**
         * TaskList
         * @description A page of tasks and the number in each state.
         */
        TaskList: {
            /** Items */
            items: components["schemas"]["Task"][];
            /** Next */
            next: string | null;
            /** Counts */
            counts: {
                [key: string]: number;
            };
        };
        /**
         * TaskLog
         * @description A part of a task's output, escapes neutralised.
         */
        TaskLog: {
            /** Run */
            run: number;
            /** Offset */
            offset: number;
            /** Next */
            next: number;
            /** Total */
            total: number;
            /** Text */
            text: string;
            /** Done */
            done: boolean;
        };
        /**
         * TaskResult
         * @description What came of a task.
         */
        TaskResult: {
            /** Id */
            id: string;
            /** Ref */
            ref: string;
            /** State */
            state: string;
            /** Outputs */
            outputs: {
                [key: string]: unknown;
            } | null;
            error: components["schemas"]["Failure"] | null;
            exit: components["schemas"]["Exit"] | null;
            /** Attempt */
            attempt: number;
            /** Evidence */
            evidence: {
                [key: string]: unknown;
            }[];
        };
        /**
         * TaskSpec
         * @description One unit of work: exactly one of `prompt`, `run`, `action`.
         */
        TaskSpec: {
            /**
             * Prompt
             * @description Words for an agent; never run as shell
             * @default null
             */
            prompt: string | null;
            /**
             * Run
             * @description A shell script
             * @default null
             */
            run: string | null;
            /**
             * Action
             * @description A named action
             * @default null
             */
            action: string | null;
            /**
             * With
             * @default null
             */
            with: {
                [key: string]: unknown;
            } | null;
            /**
             * Agent
             * @default null
             */
            agent: string | null;
            /**
             * Agents
             * @description Several need a planner
             * @default null
             */
            agents: string[] | null;
            /**
             * Queue
             * @default null
             */
            queue: string | null;
            /**
             * Priority
             * @default null
             */
            priority: ("LOW" | "NORMAL" | "HIGH" | "CRITICAL" | "EMERGENCY") | null;
            /**
             * Title
             * @default null
             */
            title: string | null;
            /**
             * Cwd
             * @default null
             */
            cwd: string | null;
            /**
             * Env
             * @default null
             */
            env: {
                [key: string]: string;
            } | null;
            /** @default null */
            timeout: components["schemas"]["Timeouts"] | (string | number) | null;
            /** @default null */
            retry: components["schemas"]["Retry"] | null;
            /**
             * Outputs
             * @description A JSON Schema for each
             * @default null
             */
            outputs: {
                [key: string]: unknown;
            } | null;
            /**
             * Result Schema
             * @description A JSON Schema (`type: object`) of the whole result
             * @default null
             */
            result_schema: {
                [key: string]: unknown;
            } | null;
            /**
             * Gates
             * @default null
             */
            gates: (components["schemas"]["Gate"] | string)[] | null;
            /**
             * Verify
             * @description A probe asked after a lost run
             * @default null
             */
            verify: string | null;
            /**
             * Idempotent
             * @default null
             */
            idempotent: boolean | null;
            /**
             * On Uncertain
             * @default null
             */
            on_uncertain: ("verify" | "retry" | "fail" | "ask") | null;
            /**
             * Delay
             * @default null
             */
            delay: (string | number) | null;
            /**
             * Lock
             * @description No two tasks hold the same one; in the order of their submits
             * @default null
             */
            lock: string | null;
            /**
             * After
             * @description Ids or refs of tasks that must end well before it may start
             * @default null
             */
            after: string[] | null;
            /**
             * Approve
             * @description manual: ask in any case; auto: as `auto_approve`
             * @default null
             */
            approve: ("auto" | "manual") | null;
            /**
             * Auto Approve
             * @description An operator's yes in advance; never over always_ask
             * @default null
             */
            auto_approve: boolean | null;
        };
        /**
         * TerminalSession
         * @description A session of the terminal.
         */
        TerminalSession: {
            /** Name */
            name: string;
            /** Agent */
            agent: string | null;
            /** Ours */
            ours: boolean;
            /** Windows */
            windows: number;
            /** Attached */
            attached: number;
            /** Dead */
            dead: number;
            /** Active At */
            active_at: number | null;
        };
        /**
         * Ticket
         * @description An address that logs a browser in, once, for 30 s.
         */
        Ticket: {
            /** Url */
            url: string;
        };
        /**
         * Timeouts
         * @description Five limits of a task.
         */
        Timeouts: {
            /**
             * Start
             * @default null
             */
            start: (string | number) | null;
            /**
             * Run
             * @default null
             */
            run: (string | number) | null;
            /**
             * Total
             * @default null
             */
            total: (string | number) | null;
            /**
             * Idle
             * @default null
             */
            idle: (string | number) | null;
            /**
             * Heartbeat
             * @default null
             */
            heartbeat: (string | number) | null;
        };
        /**
         * Token
         * @description A token, without what it is.
         */
        Token: {
            /** Name */
            name: string;
            /** Role */
            role: string;
            /** Created At */
            created_at: number;
            /** Created By */
            created_by: string;
            /** Revoked At */
            revoked_at: number | null;
        };
        /**
         * TokenList
         * @description Every token.
         */
        TokenList: {
            /** Items */
            items: components["schemas"]["Token"][];
        };
        /**
         * TokenMade
         * @description A token, shown once.
         */
        TokenMade: {
            /** Name */
            name: string;
            /** Role */
            role: string;
            /** Token */
            token: string;
        };
        /**
         * TokenRevoked
         * @description It opens nothing any more.
         */
        TokenRevoked: {
            /** Name */
            name: string;
        };
        /**
         * Trigger
         * @description What starts a workflow by itself; `next` is known of schedules alone.
         */
        Trigger: {
            /** Workflow */
            workflow: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "schedule" | "webhook" | "event";
            /**
             * Name
             * @description the schedule, the path, or the event's type
             */
            name: string;
            /**
             * On
             * @description for people: the cron line, the address, the event
             */
            on: string;
            /** If */
            if: string | null;
            /**
             * State
             * @enum {string}
             */
            state: "active" | "paused" | "secret_missing";
            /** Reason */
            reason: string | null;
            /** Next */
            next: number | null;
            last: components["schemas"]["TriggerFiring"] | null;
            /** Definition */
            definition: string;
        };
        /**
         * TriggerFiring
         * @description What became of the newest firing; `skipped`: its condition or its overlap said no.
         */
        TriggerFiring: {
            /** At */
            at: number;
            /**
             * State
             * @enum {string}
             */
            state: "waiting" | "started" | "skipped" | "refused";
            /** Reason */
            reason: string | null;
            /** Execution Id */
            execution_id: string | null;
            /** Execution Ref */
            execution_ref: string | null;
            /** Execution State */
            execution_state: string | null;
        };
        /**
         * TriggerList
         * @description Every trigger.
         */
        TriggerList: {
            /** Items */
            items: components["schemas"]["Trigger"][];
        };
        /**
         * Unmapped
         * @description Something that our format does not say.
         */
        Unmapped: {
            /** Line */
            line: number;
            /** Path */
            path: string;
            /** Reason */
            reason: string;
        };
        /**
         * ValidateWorkflow
         * @description A definition to look at.
         */
        ValidateWorkflow: {
            /** Source */
            source: string;
            /**
             * File
             * @default workflow.yaml
             */
            file: string;
        };
        /**
         * Validated
         * @description A definition without problems.
         */
        Validated: {
            /**
             * Valid
             * @constant
             */
            valid: true;
            /** Workflow */
            workflow: string;
            /** Name */
            name: string;
            /** Steps */
            steps: number;
            /** Hash */
            hash: string;
            /** Not Yet */
            not_yet: string[];
        };
        /**
         * Verified
         * @description What the check of the hash chain found.
         */
        Verified: {
            /** Ok */
            ok: boolean;
            /** Events */
            events: number;
            /** Head */
            head: string;
            /** Problems */
            problems: unknown[];
        };
        /**
         * Vocabulary
         * @description Every state and how it is shown.
         */
        Vocabulary: {
            /** Tasks */
            tasks: {
                [key: string]: components["schemas"]["Shown"];
            };
            /** Steps */
            steps: {
                [key: string]: components["schemas"]["Shown"];
            };
            /** Executions */
            executions: {
                [key: string]: components["schemas"]["Shown"];
            };
            /** Agents */
            agents: {
                [key: string]: components["schemas"]["Shown"];
            };
            /** Queues */
            queues: {
                [key: string]: components["schemas"]["Shown"];
            };
        };
        /**
         * Vote
         * @description One yes of several that are needed.
         */
        Vote: {
            /** By */
            by: string;
            /** Role */
            role: string;
            /** At */
            at: number;
            /** Note */
            note: string;
            /** Answers */
            answers: {
                [key: string]: unknown;
            };
        };
        /**
         * Waiting
         * @description What ends a step that waits: a time (epoch ms), a signal, an event; one or several.
         */
        Waiting: {
            /** Until */
            until: number | null;
            /** Signal */
            signal: string | null;
            /** Event */
            event: string | null;
        };
        /**
         * Waits
         * @description A question that was asked, or is to be asked.
         */
        Waits: {
            /**
             * Ref
             * @description Wait on for what an earlier call of this tool asked
             * @default null
             */
            ref: string | null;
            /**
             * Wait S
             * @default 50
             */
            wait_s: number;
        };
        /**
         * Workers
         * @description Slots in all, and in use.
         */
        Workers: {
            /** Slots */
            slots: number;
            /** Busy */
            busy: number;
            /** Emergency Reserved */
            emergency_reserved: number;
        };
        /**
         * Workflow
         * @description A definition as lists show it.
         */
        Workflow: {
            /** Workflow */
            workflow: string;
            /** Name */
            name: string;
            /** Hash */
            hash: string;
            /** Description */
            description: string;
            /** Inputs */
            inputs: {
                [key: string]: unknown;
            } | null;
            /**
             * Form
             * @description The JSON Schema of the parameters, for a form
             */
            form: {
                [key: string]: unknown;
            };
            /** Steps */
            steps: {
                [key: string]: unknown;
            }[];
            /**
             * Source
             * @enum {string}
             */
            source: "shipped" | "user";
        };
        /**
         * WorkflowDiff
         * @description What changed between two versions.
         */
        WorkflowDiff: {
            /** Workflow */
            workflow: string;
            /** Before */
            before: string;
            /** After */
            after: string;
            /** Changes */
            changes: components["schemas"]["DefinitionChange"][];
            /** Text */
            text: string;
        };
        /**
         * WorkflowImported
         * @description What came of an import.
         */
        WorkflowImported: {
            /** Origin */
            origin: string;
            /** Source */
            source: string | null;
            /** Steps */
            steps: number;
            /** Unmapped */
            unmapped: components["schemas"]["Unmapped"][];
        };
        /**
         * WorkflowList
         * @description The definitions.
         */
        WorkflowList: {
            /** Items */
            items: components["schemas"]["Workflow"][];
        };
        /**
         * WorkflowPlan
         * @description What an execution would do; nothing was stored.
         */
        WorkflowPlan: {
            /** Workflow */
            workflow: string;
            /** Name */
            name: string;
            /** Hash */
            hash: string;
            /** Params */
            params: {
                [key: string]: unknown;
            };
            /** Levels */
            levels: string[][];
            /** Steps */
            steps: components["schemas"]["StepPlanned"][];
            /** Waits */
            waits: components["schemas"]["Reason"][];
            /** On Failure */
            on_failure: string;
            /** Undoes */
            undoes: string[][];
            /** Not Undone */
            not_undone: string[];
            /** Missing */
            missing: string[];
        };
        /**
         * WorkflowVersion
         * @description One version of a workflow.
         */
        WorkflowVersion: {
            /** Hash */
            hash: string;
            /** Version */
            version: string | null;
            /** Source */
            source: string;
            /** Created At */
            created_at: number;
            /** Steps */
            steps: number;
            /** Newest */
            newest: boolean;
        };
        /**
         * WorkflowVersions
         * @description The versions of a workflow, the newest first.
         */
        WorkflowVersions: {
            /** Workflow */
            workflow: string;
            /** Items */
            items: components["schemas"]["WorkflowVersion"][];
        };
        /**
         * WriteState
         * @description Set a key of the state that all agents share.
         */
        WriteState: {
            /** Key */
            key: string;
            /**
             * Value
             * @description Any JSON
             */
            value: unknown;
            /**
             * Version
             * @description The version that was read; 0: the key must not exist yet
             * @default null
             */
            version: number | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    mcp_mcp_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deliver_hooks__path__post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                path: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HookTaken"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    schedules_schedules_get: {
        parameters: {
            query?: {
                workflow?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduleList"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    schedule_schedules__name__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduleDetail"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    pause_schedules__name__pause_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PauseSchedule"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduleDetail"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resume_schedules__name__resume_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Nothing"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduleDetail"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    trigger_schedules__name__trigger_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Nothing"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Execution"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    backfill_schedules__name__backfill_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BackfillSchedule"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Backfilled"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    triggers_triggers_get: {
        parameters: {
            query?: {
                workflow?: string;
                kind?: ("schedule" | "webhook" | "event") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TriggerList"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    health_health_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    ready_health_ready_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stop_server_stop_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StopServer"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stopping"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    send_message_messages_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SendMessage"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageSent"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    vocabulary_vocabulary_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Vocabulary"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    take_over_tasks__ref__takeover_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Nothing"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    hand_back_tasks__ref__handback_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["HandBack"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    attach_tasks__ref__attach_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Attach"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sessions_sessions_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionList"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    probe_agents__name__probe_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentProbe"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    submit_tasks_submit_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaskSpec"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tasks_tasks_get: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string | null;
                state?: string | null;
                agent?: string | null;
                queue?: string | null;
                execution_id?: string | null;
                evidence?: ("E1" | "E2" | "E3" | "E4" | "E5") | null;
                unverified?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskList"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    task_tasks__ref__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    result_tasks__ref__result_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskResult"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    attempts_tasks__ref__attempts_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskAttempts"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    task_log_tasks__ref__log_get: {
        parameters: {
            query?: {
                run?: number | null;
                offset?: number;
                limit?: number;
            };
            header?: never;
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskLog"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancel_tasks__ref__cancel_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Nothing"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resolve_tasks__ref__resolve_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResolveTask"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    status_agents_status_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentsStatus"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    agent_agents__name__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    logs_agents__name__logs_get: {
        parameters: {
            query?: {
                lines?: number;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentLogs"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    attach_agents__name__attach_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Attach"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    apps_apps_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AppList"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stop_app_apps__name__stop_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Nothing"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["App"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    hosts_hosts_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HostList"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    lost_hosts__name__lost_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Nothing"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HostLost"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    queues_queues_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueueList"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    queue_queues__name__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueueDetail"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    pause_queues__name__pause_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PauseQueue"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueueDetail"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resume_queues__name__resume_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Nothing"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueueDetail"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    limit_queues__name__limit_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LimitQueue"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueueDetail"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    purge_queues__name__purge_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PurgeQueue"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueuePurged"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resilience_resilience_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Resilience"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reset_resilience__name__reset_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Nothing"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Breaker"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    states_state_get: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string | null;
                pattern?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StateList"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    snapshots_state_snapshots_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SnapshotList"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    take_state_snapshots_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TakeSnapshot"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Snapshot"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    snapshot_state_snapshots__name__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SnapshotDetail"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    restore_state_snapshots__name__restore_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Nothing"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SnapshotRestored"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    state_state__key__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StateEntry"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    set__state__key__post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                key: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetState"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StateEntry"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_state__key__delete_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                key: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeleteState"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StateDeletion"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    history_state__key__history_get: {
        parameters: {
            query?: {
                after?: number;
                limit?: number;
            };
            header?: never;
            path: {
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StateHistory"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dead_letters_dead_letters_get: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string | null;
                kind?: ("task" | "message") | null;
                queue?: string | null;
                reason?: string | null;
                agent?: string | null;
                since?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterList"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    export_dead_letters_export_get: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string | null;
                kind?: ("task" | "message") | null;
                queue?: string | null;
                reason?: string | null;
                agent?: string | null;
                since?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterExport"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    redrive_many_dead_letters_redrive_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RedriveLetters"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Redrive"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    redrives_dead_letters_redrives_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RedriveList"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    redrive_of_many_dead_letters_redrives__id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Redrive"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stop_redrive_dead_letters_redrives__id__stop_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Nothing"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Redrive"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dead_letter_dead_letters__kind___ref__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                kind: string;
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterDetail"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    redrive_dead_letters__kind___ref__redrive_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                kind: string;
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RedriveLetter"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HandledLetter"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    discard_dead_letters__kind___ref__discard_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                kind: string;
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DiscardLetter"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HandledLetter"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    approvals_approvals_get: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string | null;
                state?: string | null;
                agent?: string | null;
                execution_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalList"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rules_approvals_rules_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalRules"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    approval_approvals__ref__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    approve_approvals__ref__approve_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DecideApproval"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reject_approvals__ref__reject_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DecideApproval"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tokens_tokens_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenList"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_tokens_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateToken"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenMade"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revoke_tokens__name__revoke_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Nothing"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenRevoked"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    questions_questions_get: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string | null;
                state?: string | null;
                agent?: string | null;
                task?: string | null;
                execution_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuestionList"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    question_questions__ref__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Question"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    answer_questions__ref__answer_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AnswerQuestion"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Question"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    validate_workflows_validate_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ValidateWorkflow"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Validated"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    workflows_workflows_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkflowList"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    define_workflows_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DefineWorkflow"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Defined"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    schema_workflows_schema_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FormatSchema"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    workflow_workflows__name__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Workflow"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    execute_workflows__name__execute_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExecuteWorkflow"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Execution"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    executions_executions_get: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string | null;
                state?: string | null;
                workflow?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExecutionList"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    execution_executions__ref__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Execution"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    summary_executions__ref__summary_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExecutionSummary"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    events_executions__ref__events_get: {
        parameters: {
            query?: {
                after?: string | null;
                limit?: number;
            };
            header?: never;
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Events"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancel_executions__ref__cancel_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CancelExecution"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Execution"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    explain_execution_executions__ref__explain_get: {
        parameters: {
            query?: {
                step?: string;
            };
            header?: never;
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExecutionExplained"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    explain_task_tasks__ref__explain_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskExplained"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    plan_workflows__name__plan_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExecuteWorkflow"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkflowPlan"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    import__workflows_import_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ImportWorkflow"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkflowImported"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    versions_workflows__name__versions_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkflowVersions"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    diff_workflows__name__diff_get: {
        parameters: {
            query?: {
                before?: string;
                after?: string;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkflowDiff"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    signal_executions__ref__signals__name__post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                ref: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Signal"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Execution"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    pause_executions__ref__pause_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Nothing"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Execution"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resume_executions__ref__resume_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Nothing"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Execution"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retry_executions__ref__retry_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RetryExecution"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Execution"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rewind_executions__ref__rewind_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RewindExecution"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Execution"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    skip_executions__ref__skip_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SkipStep"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Execution"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    set_output_executions__ref__set_output_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetOutput"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Execution"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    fork_executions__ref__fork_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ForkExecution"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Execution"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    compensate_executions__ref__compensate_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CompensateExecution"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Execution"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    events_events_get: {
        parameters: {
            query?: {
                after?: string | null;
                limit?: number;
                topic?: ("*" | "tasks" | "executions" | "agents" | "approvals" | "state" | "notices" | "system") | null;
                wait_ms?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Events"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    publish_events_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PublishEvent"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventPublished"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    head_events_head_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Head"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    verify_events_verify_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Verified"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    starts_events_starts_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Starts"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    session_session_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    log_in_session_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OpenSession"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    log_out_session_delete: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    ticket_session_ticket_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description One key and one body are one request: a repeat gets the stored answer. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Nothing"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ticket"];
                };
            };
            /** @description A problem: what went wrong, where, and what to do */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
