namespace Litestream.Hosting;

/// <summary>One option: how it is read, how it is taken over from other options, and whether that works while it is used.</summary>
/// <param name="Name">Its name in the configuration.</param>
/// <param name="IsLive">True if a change applies at once; false if it takes effect at the next start.</param>
/// <param name="Read">Its value.</param>
/// <param name="Copy">Copies the value from the first options to the second.</param>
internal sealed record OptionRule<T>(string Name, bool IsLive, Func<T, object?> Read, Action<T, T> Copy);
