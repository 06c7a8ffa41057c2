using Microsoft.Extensions.Logging;

namespace Litestream.Hosting;

/// <summary>A logger whose provider fails, which throws at whoever logs.</summary>
internal sealed class ThrowingLogger : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        throw new AggregateException("An error occurred while writing to logger(s).");
}
