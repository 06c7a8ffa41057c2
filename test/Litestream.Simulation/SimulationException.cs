namespace Litestream.Simulation;

/// <summary>The oracle has found what must not be.</summary>
public sealed class SimulationException : Exception
{
    public SimulationException()
    {
    }

    public SimulationException(string message)
        : base(message)
    {
    }

    public SimulationException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
