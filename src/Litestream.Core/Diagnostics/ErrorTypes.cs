namespace Litestream.Diagnostics;

/// <summary>The value of <c>error.type</c>: few, stable, and never a message.</summary>
internal static class ErrorTypes
{
    /// <summary>The full name of the exception's type.</summary>
    public static string Of(Exception exception) => exception.GetType().FullName ?? exception.GetType().Name;
}
