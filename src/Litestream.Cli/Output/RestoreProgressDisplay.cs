using System.Globalization;
using Spectre.Console;

namespace Litestream.Cli.Output;

/// <summary>Shows how far a restore is: a bar on a terminal, else a line for each tenth that took a while.</summary>
internal static class RestoreProgressDisplay
{
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(2);

    public static Task<RestoreResult> RunAsync(Screen screen, Func<IProgress<RestoreProgress>, Task<RestoreResult>> restore) =>
        screen.ShowsProgress
            ? screen.Error.Progress()
                .AutoClear(true)
                .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new DownloadedColumn(), new TransferSpeedColumn())
                .StartAsync(context => restore(new Bar(context.AddTask("restoring"))))
            : restore(new Lines(screen));

    private sealed class Bar(ProgressTask task) : IProgress<RestoreProgress>
    {
        public void Report(RestoreProgress value)
        {
            task.MaxValue = Math.Max(1, value.BytesTotal);
            task.Value = value.BytesDone;
        }
    }

    private sealed class Lines(Screen screen) : IProgress<RestoreProgress>
    {
        // Guards _said and _saidAt: downloads report at the same time.
        private readonly Lock _lock = new();
        private long _saidAt = TimeProvider.System.GetTimestamp();
        private long _said;

        public void Report(RestoreProgress value)
        {
            var percent = value.BytesTotal == 0 ? 100 : value.BytesDone * 100 / value.BytesTotal;
            lock (_lock)
            {
                if (percent < _said + 10 || percent >= 100 || TimeProvider.System.GetElapsedTime(_saidAt) < LineInterval)
                {
                    return;
                }

                _said = percent;
                _saidAt = TimeProvider.System.GetTimestamp();
            }

            screen.Note(string.Create(
                CultureInfo.InvariantCulture, $"{percent} % ({ByteText.Of(value.BytesDone)} of {ByteText.Of(value.BytesTotal)})"));
        }
    }
}
