using Litestream.Shadow;

namespace Litestream.Replication;

/// <summary>
/// A worker's request for a new generation. It stands until another generation is in use, also if the capture was opened
/// anew meanwhile. Any thread may ask; one passes on.
/// </summary>
internal sealed class StandingRequest
{
    private GenerationRequest? _request;

    public void Ask(GenerationRequest request) => Volatile.Write(ref _request, request);

    /// <summary>Tells the capture, before a pass.</summary>
    public void PassOn(WalSync capture)
    {
        if (Volatile.Read(ref _request) is not { } request)
        {
            return;
        }

        if (capture.State?.Generation == request.Generation)
        {
            capture.RequestNewGeneration(request.Generation, request.Reason, request.Detail);
        }
        else
        {
            Interlocked.CompareExchange(ref _request, null, request);
        }
    }
}
