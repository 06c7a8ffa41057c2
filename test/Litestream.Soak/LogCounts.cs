using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Litestream.Soak;

/// <summary>Counts what is logged by its event, and keeps the first text of each warning and error.</summary>
internal sealed class LogCounts : ILoggerProvider
{
    private readonly ConcurrentDictionary<(LogLevel Level, string Event), (int Count, string First)> _events = new();

    public IEnumerable<(LogLevel Level, string Event, int Count, string First)> AtLeast(LogLevel level) => _events
        .Where(one => one.Key.Level >= level)
        .Select(one => (one.Key.Level, one.Key.Event, one.Value.Count, one.Value.First))
        .OrderByDescending(one => one.Level).ThenBy(one => one.Event, StringComparer.Ordinal);

    public ILogger CreateLogger(string categoryName) => new Counter(this, categoryName);

    public void Dispose()
    {
    }

    private sealed class Counter(LogCounts counts, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
            {
                return;
            }

            var name = eventId.Name ?? $"{category}:{eventId.Id}";
            counts._events.AddOrUpdate(
                (logLevel, name),
                _ => (1, logLevel < LogLevel.Warning ? "" : $"{formatter(state, exception)}{(exception is null ? "" : $" ({exception.GetType().Name}: {exception.Message})")}"),
                (_, known) => (known.Count + 1, known.First));
        }
    }
}
