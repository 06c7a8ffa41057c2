namespace Litestream.Soak;

/// <summary>The value of a measure that came closest to what it may be at its moment. Not thread-safe.</summary>
internal sealed class Bound(string what, Unit unit)
{
    private double _part = -1;
    private (double Value, double Allowed) _worst;

    public void Check(double value, double allowed)
    {
        if (value / allowed > _part)
        {
            (_part, _worst) = (value / allowed, (value, allowed));
        }
    }

    public Finding Finding => new(what, Words.Of(_worst.Value, unit), Words.Of(_worst.Allowed, unit), _part <= 1);
}
