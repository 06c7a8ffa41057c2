namespace Litestream.AspNetCore.StatusPage;

/// <summary>Writes the progress of a restore into its job, and ends it before the disk is full.</summary>
internal sealed class JobProgress(PageJob job, string folder) : IProgress<RestoreProgress>
{
    public void Report(RestoreProgress value)
    {
        job.Update(report => report with
        {
            Text = value.BytesDone < value.BytesTotal ? "Fetching and checking." : "Checking the result.",
            BytesDone = value.BytesDone,
            BytesTotal = value.BytesTotal,
            RemainingSeconds = value.Remaining?.TotalSeconds,
        });
        if (DiskSpace.IsAlmostFull(folder))
        {
            job.Cancel("The disk is almost full, so the restore was given up. Nothing was changed.");
        }
    }
}
