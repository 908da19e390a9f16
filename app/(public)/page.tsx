export default function Landing() {
  return <h1 className="text-3xl">Curtain</h1>
}
