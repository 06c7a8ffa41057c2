using Litestream.Diagnostics;
using Litestream.Shadow;

namespace Litestream.Replication;

/// <summary>Reports what a pass of the capture has done, after it: a pass that found nothing to do leaves no trace.</summary>
internal sealed class CaptureReport(TimeProvider time)
{
    /// <summary>A pass ended.</summary>
    /// <param name="telemetry">Where to.</param>
    /// <param name="session">The capture, if it could be opened, and its shadow.</param>
    /// <param name="started">When it began, a time stamp of the clock.</param>
    /// <param name="failure">Why it failed; null if it did not.</param>
    public void Passed(DatabaseTelemetry telemetry, CaptureSession session, long started, Exception? failure)
    {
        var tally = session.Capture?.TakeTally() ?? default;
        if (tally.IsEmpty && failure is null)
        {
            return;
        }

        var duration = time.GetElapsedTime(started);
        telemetry.Synced(duration, failure);
        telemetry.WalCopied(tally.CopiedBytes);
        if (tally.Started is { } reason)
        {
            telemetry.GenerationStarted(AttributeText.Of(reason));
        }

        if (tally.Checkpoint is { } checkpoint)
        {
            telemetry.Checkpointed(checkpoint.Duration, checkpoint.LockHeld, checkpoint.Outcome is { } outcome ? AttributeText.Of(outcome) : null, checkpoint.Failure);
        }

        if (LitestreamActivities.IsRecorded)
        {
            Record(telemetry.Name, tally, session.Shadow.Head?.Position ?? default, time.GetUtcNow(), duration, failure);
        }
    }

    private static void Record(
        string database, CaptureTally tally, ReplicationPosition position, DateTimeOffset now, TimeSpan duration, Exception? failure)
    {
        using var sync = LitestreamActivities.BeginAt(LitestreamActivities.Sync, database, now - duration);
        if (tally.Checkpoint is { } run)
        {
            // Within the other, since that is the current one.
            using var checkpoint = LitestreamActivities.BeginAt(LitestreamActivities.Checkpoint, database, now - run.Duration);
            if (run.Outcome is { } outcome)
            {
                checkpoint?.SetTag(LitestreamMetrics.CheckpointOutcome, AttributeText.Of(outcome));
            }

            if (run.Failure is not null)
            {
                checkpoint.Fail(run.Failure);
            }

            checkpoint?.SetEndTime(now.UtcDateTime);
        }

        sync?.SetTag(LitestreamActivities.Position, position.ToString());
        sync?.SetTag("litestream.wal.copied", tally.CopiedBytes);
        if (tally.Started is { } reason)
        {
            sync?.SetTag(LitestreamMetrics.GenerationReason, AttributeText.Of(reason));
        }

        if (failure is not null)
        {
            sync.Fail(failure);
        }

        sync?.SetEndTime(now.UtcDateTime);
    }
}
