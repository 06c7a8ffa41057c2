namespace Litestream.Replication;

/// <summary>A setting that can change while it is used. Thread-safe, also where a value is larger than a word.</summary>
internal sealed class Setting<T>(T value)
{
    private readonly Lock _lock = new(); // guards the field below; taken alone
    private T _value = value;

    /// <summary>The value now.</summary>
    public T Value
    {
        get
        {
            lock (_lock)
            {
                return _value;
            }
        }

        set
        {
            lock (_lock)
            {
                _value = value;
            }
        }
    }

    /// <summary>One that stays as it is.</summary>
    public static implicit operator Setting<T>(T value) => new(value);
}
