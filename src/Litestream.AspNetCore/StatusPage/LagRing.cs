namespace Litestream.AspNetCore.StatusPage;

/// <summary>The last few samples of one replica. Eight bytes each. Not thread-safe.</summary>
internal sealed class LagRing(int capacity)
{
    private readonly (uint Second, float Lag)[] _samples = new (uint, float)[capacity];
    private int _count;
    private int _next;

    /// <summary>When it was last written, as the writer counts.</summary>
    public long Turn { get; set; }

    public void Add(DateTimeOffset at, double? seconds)
    {
        _samples[_next] = ((uint)at.ToUnixTimeSeconds(), seconds is { } value ? (float)value : float.NaN);
        _next = (_next + 1) % _samples.Length;
        _count = Math.Min(_count + 1, _samples.Length);
    }

    /// <summary>Oldest first.</summary>
    public IEnumerable<LagSample> Since(DateTimeOffset from)
    {
        for (var i = 0; i < _count; i++)
        {
            var (second, lag) = _samples[(_next - _count + i + _samples.Length) % _samples.Length];
            var at = DateTimeOffset.FromUnixTimeSeconds(second);
            if (at >= from)
            {
                yield return new LagSample(at, float.IsNaN(lag) ? null : Math.Round(lag, 3));
            }
        }
    }
}
