"""What moves inside Ronda: its name in `/metrics`, and what it means. docs/monitoring-ronda.md is made of it.

The parts of the program name their counters (`Backend.self_counters`); here each becomes a family of
Prometheus' own kind. A counter that is listed here is there from the start, at zero, so that rates work from
the first failure on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from collector.http_faults import HttpFault
from collector.schedule_counters import LAG_BUCKETS_S
from topology.observations import PollFault


@dataclass(frozen=True, slots=True)
class Family:
    part: str
    """As `Backend.self_counters` calls it; the beginning of it when there is a label."""
    kind: str
    """counter, gauge or histogram."""
    words: str
    label: str = ""
    values: tuple[str, ...] = ()
    """Values of the label that are there from the start."""

    @property
    def name(self) -> str:
        base = f"ronda_{self.part}"
        if base.endswith("_s"):
            base = f"{base.removesuffix('_s')}_seconds"
        return f"{base}_total" if self.kind == "counter" else base


_COUNTERS: Mapping[str, str] = {
    "app_polls": "Polls whose answer was taken in, by SNMP or SSH.",
    "app_poll_errors": "Faults in them; one poll may have several.",
    "app_probes": "Echo results taken in.",
    "app_traps": "Traps taken in.",
    "app_verdicts": "Verdicts given.",
    "app_round_errors": "Verdicts that failed by a fault of the program.",
    "app_evidence_errors": "Evidence that could not be saved for the next start.",
    "app_write_errors": "Writes of metrics that failed by a fault of the program.",
    "records_transactions": "Transactions of the records, reading and writing.",
    "records_failures": "... that failed.",
    "records_saved": "Commits of changes, incidents and messages.",
    "records_save_errors": "Commits that failed; tried again.",
    "records_save_stale": "Incidents that another process had moved.",
    "records_leases_lost": "Deliveries that another process had taken over.",
    "outbox_sent": "Messages delivered.",
    "outbox_retry": "Deliveries that failed and are tried again.",
    "outbox_failed": "Messages given up: somebody has to look.",
    "outbox_expired": "Messages overtaken before they could be sent.",
    "outbox_held": "Messages held back: too many a minute.",
    "outbox_summarised": "Messages that went out in a summary.",
    "outbox_store_errors": "Looks into the outbox that failed.",
    "outbox_channel_errors": "Deliveries that ended by a fault of the program.",
    "channels_edited": "Telegram: first messages brought up to date.",
    "channels_edit_errors": "Telegram: ... and not.",
    "channels_sent_plain": "Telegram: messages sent without formatting, because it was refused.",
    "channels_presses": "Telegram: buttons pressed.",
    "channels_presses_refused": "Telegram: presses by somebody, or in a chat, that may not.",
    "channels_update_errors": "Telegram: asking for presses failed.",
    "channels_recipients_refused": "Email: addresses that the server refused.",
    "channels_resends": "Alertmanager: standing alerts sent again.",
    "channels_resend_errors": "Alertmanager: ... and not.",
    "heartbeat_pings": "Heartbeats that arrived.",
    "heartbeat_fail_pings": "Cries for help that arrived (alerts.heartbeat.fail).",
    "heartbeat_withheld": "Heartbeats withheld, because something is not well.",
    "heartbeat_errors": "Heartbeats that did not arrive.",
    "metrics_points_stored": "Points written.",
    "metrics_points_spooled": "Points that went to the spool (InfluxDB).",
    "metrics_points_lost": "Points lost: every bound was reached.",
    "metrics_values_left_out": "NaN, infinities and integers beyond int64.",
    "metrics_write_requests": "Writes to InfluxDB.",
    "metrics_write_batches": "Transactions of the embedded store.",
    "metrics_write_failures": "Writes that failed.",
    "metrics_replay_requests": "Writes from the spool.",
    "metrics_replay_failures": "... that failed.",
    "metrics_lines_quarantined": "Lines that InfluxDB refuses for good, set aside.",
    "metrics_batches_with_expired_lines": "Batches with lines older than InfluxDB keeps.",
    "metrics_rows_rolled_up": "Rows of roll-ups written.",
    "metrics_rows_deleted": "Rows deleted by retention (embedded).",
    "metrics_blocks_deleted": "Stretches deleted by retention (InfluxDB).",
    "metrics_series_forgotten": "Series without a point left.",
    "metrics_reads": "Questions to the store.",
    "metrics_spool_lines_spooled": "Lines written to the spool.",
    "metrics_spool_lines_replayed": "... and brought from there to the server.",
    "metrics_spool_lines_dropped": "... and lost, because the spool was full or too old.",
    "metrics_spool_damaged": "Damaged records found in the spool.",
    "schedule_due": "Regular turns that came up.",
    "schedule_started": "Turns begun.",
    "schedule_finished": "Turns ended.",
    "schedule_missed": "Turns given up because they came up too late.",
    "schedule_overrun": "Turns skipped because the one before was still running.",
    "schedule_deadline": "Polls stopped at their deadline.",
    "schedule_asked_in_vain": "Polls asked for that were asked for already, or of unknown devices.",
    "schedule_clock_steps": "The wall clock was set.",
    "schedule_probes_due": "Probes that came up.",
    "schedule_probes_done": "Probes told of.",
    "schedule_probes_skipped": "Probes not sent: the one before was out still, or turns passed unused.",
    "schedule_yielded": "Polls that gave their place to quicker devices.",
    "snmp_polls": "Polls begun.",
    "snmp_polls_with_errors": "Polls with a fault.",
    "snmp_polls_silent": "Polls without any answer.",
    "snmp_requests": "Requests sent.",
    "snmp_retries": "... of them again.",
    "snmp_requests_shrunk": "Requests halved, because the answer did not fit.",
    "snmp_loops_stopped": "Walks stopped, because OIDs did not increase.",
    "snmp_tables_refused": "Tables that an agent refused.",
    "snmp_rows_vanished": "Rows that went while a table was read.",
    "snmp_groups_learned": "Groups of values found or missing in an agent, remembered.",
    "snmp_reboots_seen": "Agents that began anew.",
    "snmp_v3_resyncs": "SNMPv3: engine or clock learned again.",
    "snmp_stray_packets": "Packets that answer nothing we asked.",
    "snmp_fallback_devices": "Devices asked in the slower, more patient way.",
    "snmp_fallback_requests": "... requests to them.",
    "ssh_polls": "Devices asked over SSH.",
    "ssh_polls_with_errors": "... with a fault.",
    "ssh_logins": "Logins.",
    "ssh_rescues": "Asked at once, because SNMP fell silent while echo answers.",
    "ssh_sends_refused": "Lines that no profile lists: not sent.",
    "ssh_waited_in_vain": "No place for a session within the deadline.",
    "echo_sent": "Echo requests sent.",
    "echo_answered": "... answered in time.",
    "echo_unanswered": "... not.",
    "echo_unsent": "Never left this machine.",
    "echo_duplicate": "Answers that came twice.",
    "echo_late": "Answers after their time-out.",
    "echo_foreign": "Answers to somebody else's requests.",
    "echo_malformed": "Packets that are none.",
    "echo_elsewhere": "Answers from another address than the one asked.",
    "echo_unresolved": "Names that were not found.",
    "echo_kernel_dropped": "Packets that the kernel dropped, its buffer being full.",
    "echo_own_side_errors": "Send errors that speak of this machine: no route, no buffer.",
    "http_checks": "Checks of applications.",
    "http_up": "... that were well.",
    "http_retried": "... made twice, because the first failed.",
    "http_recovered": "... that were well the second time.",
    "http_not_judged": "... that say nothing: our own side failed.",
    "traps_received": "Packets that came.",
    "traps_understood": "... understood.",
    "traps_coalesced": "... only counted: too many from one sender.",
    "traps_not_accepted": "... with a wrong community or key, or that can't be read.",
    "traps_from_unknown_sources": "... from addresses of no device.",
    "traps_dropped": "... dropped: too many senders at once.",
    "traps_trap_events": "Hints handed on.",
    "traps_trap_decoder_errors": "... that made the decoder fail.",
    "traps_trap_engines_refused": "SNMPv3: engines beyond the bound.",
    "traps_trap_socket_errors": "Errors of the socket.",
    "judge_observed": "Observations taken in.",
    "judge_unknown_device": "... about no device of the inventory.",
    "judge_unknown_port": "... about no port of a link.",
    "judge_unknown_application": "... about no application.",
    "discovery_looks": "Comparisons of declared and seen neighbours.",
    "discovery_errors": "... that failed.",
    "discovery_records_errors": "... whose outcome could not be saved.",
    "config_backup_fetched": "Device configurations read.",
    "config_backup_failed": "... that could not be read, or were not whole.",
    "config_backup_changes": "... that differed from the last one.",
    "config_backup_unplanned": "... of these, outside of maintenance.",
    "config_backup_traps": "Readings because a device said that its configuration changed.",
    "config_backup_errors": "Faults of the program at it.",
    "conditions_looks": "Looks at ourselves.",
    "conditions_look_errors": "... that failed.",
    "conditions_learn_errors": "Failures to read what is usual on the links.",
    "conditions_records_unknown": "Looks at which the records could not be asked.",
}  # fmt: skip

_LEVELS: Mapping[str, str] = {
    "records_unsaved": "Changes that wait to be committed.",
    "metrics_available": "1 while InfluxDB takes writes.",
    "metrics_pending_bytes": "Bytes that wait for their batch (InfluxDB).",
    "metrics_points_held": "Points held in memory, because the file can't be written (embedded).",
    "metrics_points_pending": "Points that wait for their batch (embedded).",
    "metrics_spool_backlog_bytes": "Bytes in the spool.",
    "metrics_spool_segments": "Files of the spool.",
    "schedule_probes_in_flight": "Probes out now.",
    "schedule_in_flight": "Polls running now.",
    "schedule_in_flight_slow": "... of slow devices.",
    "schedule_lag_max_s": "Latest that a turn began after its moment, since the start.",
    "snmp_devices": "Devices known to the poller.",
    "ssh_sessions": "SSH sessions open now.",
    "conditions_learned": "Ports and lanes whose usual values are known.",
}

FAMILIES: tuple[Family, ...] = (
    *(Family(part, "counter", words) for part, words in _COUNTERS.items()),
    Family("ssh_fault", "counter", "Faults over SSH (docs/ssh.md).", "fault", tuple(PollFault)),
    Family("http_faults", "counter", "Failed checks.", "fault", tuple(HttpFault)),
    Family("schedule_failed", "counter", "Faults of the program in a turn.", "where"),
    Family("echo_icmp_errors", "counter", "ICMP errors about our requests.", "reason"),
    Family("echo_send_errors", "counter", "Requests that could not be sent.", "errno"),
    Family("echo_receive_errors", "counter", "Errors at receiving.", "errno"),
    *(Family(part, "gauge", words) for part, words in _LEVELS.items()),
    Family("schedule_lag_s", "histogram", "Seconds that turns began after their moment.", "le"),
)  # fmt: skip

_PLAIN = {f.part: f for f in FAMILIES if not f.label}
_LABELLED = [f for f in FAMILIES if f.label]
LAG_LIMITS = (*map(str, LAG_BUCKETS_S), "+Inf")
Sample = tuple[str, Mapping[str, str], float]


def samples(figures: Mapping[str, int | float]) -> Iterator[Sample]:
    """(sample's name, labels, value), what is not there yet at zero.

    A figure that no family knows comes as `ronda_activity_total` or, being a float, `ronda_level`.
    """
    seen = set()
    for part, value in figures.items():
        family, label = _family(part)
        if part == "schedule_lag_sum_s":
            name, labels = "ronda_schedule_lag_seconds_sum", {}
        elif family is None:
            name = "ronda_level" if isinstance(value, float) else "ronda_activity_total"
            labels = {"part": part}
        elif family.kind == "histogram":
            name, labels = f"{family.name}_bucket", {"le": label}
            if label == "+Inf":
                yield f"{family.name}_count", {}, value
        else:
            name, labels = family.name, ({family.label: label} if family.label else {})
        seen.add((name, *labels.values()))
        yield name, labels, value
    for family in FAMILIES:
        if family.kind == "counter":
            for labels in [{family.label: v} for v in family.values] if family.label else [{}]:
                if (family.name, *labels.values()) not in seen:
                    yield family.name, labels, 0


def _family(part: str) -> tuple[Family | None, str]:
    """The family, and the label's value."""
    if part in _PLAIN:
        return _PLAIN[part], ""
    for family in _LABELLED:
        prefix = f"{family.part}_bucket_" if family.kind == "histogram" else f"{family.part}_"
        if part.startswith(prefix):
            return family, part.removeprefix(prefix)
    return None, ""
