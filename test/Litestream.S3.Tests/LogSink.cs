using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Litestream.S3;

/// <summary>Keeps every line at every level, with scopes, states and exceptions as text.</summary>
internal sealed class LogSink : ILoggerProvider
{
    private readonly ConcurrentQueue<string> _lines = new();

    public string Text => string.Join('\n', _lines);

    public ILogger CreateLogger(string categoryName) => new Writer(this);

    public async Task WaitForAsync(Func<string, bool> match)
    {
        for (var i = 0; i < 300 && !_lines.Any(match); i++)
        {
            await Task.Delay(100);
        }

        _lines.Should().Contain(line => match(line), "the log was: {0}", Text);
    }

    public void Dispose()
    {
    }

    private sealed class Writer(LogSink sink) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            sink._lines.Enqueue($"{state}");
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var fields = state is IEnumerable<KeyValuePair<string, object?>> pairs ? string.Join(' ', pairs.Select(pair => $"{pair.Key}={pair.Value}")) : "";
            sink._lines.Enqueue($"{logLevel} {formatter(state, exception)} {fields} {exception}");
        }
    }
}
