namespace Litestream.AspNetCore.StatusPage;

/// <summary>What a failure means to a person, and what helps.</summary>
internal static class FailureWords
{
    public static (string Text, string? Remedy) Of(Exception exception) => exception switch
    {
        BackupNotFoundException => (exception.Message, "Choose a moment that the time line shows as restorable."),
        ReplicaCorruptedException => (exception.Message, "Try another moment, before or after the damage, or another replica. Nothing was changed."),
        LitestreamException { IsTransient: true } => (exception.Message, "It may pass: try again. Nothing was changed."),
        LitestreamException => (exception.Message, "Nothing was changed."),
        TimeoutException or IOException or UnauthorizedAccessException or InvalidOperationException or ArgumentException => (exception.Message, "Nothing was changed."),

        // The application's own, from closing its connections say: it may hold anything.
        _ => ($"It failed with an unexpected {exception.GetType().Name}.", "The log of the application has the details."),
    };
}
